// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/statistics/states.h"

#include <torch/types.h>

#include <utility>

#include "core/base/error.h"
#include "core/model/tuned.h"
#include "core/rotation/rotated_source.h"

namespace rolora {
namespace {

// A mark without a rotation on a rotated folder is older than the rotation.
bool tuned_last(const ModelConfig& config, const std::optional<RotationRecord>& rotation) {
  const std::optional<TunedMark> mark = tuned_mark(config);
  return mark && (!rotation || !mark->rotation.empty());
}

}  // namespace

std::string state_label(const ModelConfig& config, const std::optional<RotationRecord>& rotation) {
  if (config.own_kind == "quantized") return "quantized";
  if (tuned_last(config, rotation)) return "tuned";
  if (!rotation) return "plain";
  return rotation->settings.fold_only ? "folded" : "rotated";
}

void require_rotation_of(const std::filesystem::path& plain, const std::string& plain_hash, const std::filesystem::path& rotated,
                         const ModelConfig& config, const std::optional<RotationRecord>& rotation) {
  if (!rotation) throw InputError(rotated.string(), "--against", "a rotated folder", "a model without a rotation");
  if (rotation->base_hash != plain_hash) {
    throw InputError((rotated / "rotation.json").string(), "base_hash", "the hash of " + plain.string() + ", " + plain_hash,
                     printable(rotation->base_hash));
  }
  if (tuned_last(config, rotation)) {
    const bool merged = tuned_mark(config)->how == "lora";
    throw InputError((rotated / "config.json").string(), "rolora.tuned", "the weights of " + plain.string() + ", rotated and no more",
                     merged ? "an adapter merged into them" : "weights trained after the rotation");
  }
}

ModelState folded_state(std::shared_ptr<const ModelSource> plain, const std::string& plain_hash) {
  RotationSettings settings;
  settings.fold_only = true;
  settings.r1 = settings.r4 = OrthogonalKind::none;
  RotationRecord record = make_rotation(*plain, plain_hash, settings);
  auto source = std::make_shared<const RotatedSource>(std::move(plain), record);
  return {"folded", std::move(source), plain_hash, std::move(record)};
}

TokenTexts token_texts(const at::Tensor& windows, std::function<std::string(int64_t)> piece) {
  const at::Tensor ids = windows.to(at::kCPU, at::kLong).contiguous();
  const int64_t* first = ids.const_data_ptr<int64_t>();
  return {std::vector<int64_t>(first, first + ids.numel()), std::move(piece)};
}

std::vector<StatisticsOfState> collect_states(const std::vector<ModelState>& states, const at::Tensor& windows,
                                              const StatisticsOptions& options, Monitor& monitor) {
  std::vector<StatisticsOfState> out;
  for (const ModelState& state : states) {
    StatisticsOfState one;
    one.state = state.label;
    one.model_hash = state.model_hash;
    if (state.rotation) {
      one.rotation_checksum = state.rotation->checksum();
      one.rotation = rotation_json(*state.rotation);
    }
    one.result = collect_statistics(*state.source, windows, options, monitor, "statistics: " + state.label);
    out.push_back(std::move(one));
  }
  return out;
}

}  // namespace rolora
