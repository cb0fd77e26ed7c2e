// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/rotation/record.h"

#include <ATen/Functions.h>

#include "core/base/error.h"
#include "core/base/version.h"
#include "core/model/checkpoint.h"
#include "core/storage/sha256.h"

namespace rolora {
namespace {

const Compute kExact{at::kDouble, at::kCPU};

// The two norms of a layer. A folder gives them without loading the layer's matrices; any other source loads the layer.
std::pair<at::Tensor, at::Tensor> layer_gains(const ModelSource& plain, LayerIndex layer) {
  if (const auto* checkpoint = dynamic_cast<const Checkpoint*>(&plain)) {
    const FamilyDescription& family = *plain.config().family;
    return {checkpoint->store().load(layer_tensor(family, layer, family.input_norm), kExact),
            checkpoint->store().load(layer_tensor(family, layer, family.post_attention_norm), kExact)};
  }
  const LayerWeights weights = plain.layer(layer, kExact);
  return {weights.input_norm, weights.post_attention_norm};
}

void keep_gains(const ModelSource& plain, RotationRecord& record) {
  const ModelConfig& config = plain.config();
  record.gains_folded = true;
  record.input_gains = at::empty({config.layers, config.hidden}, at::kDouble);
  record.post_attention_gains = at::empty({config.layers, config.hidden}, at::kDouble);
  for (int64_t i = 0; i < config.layers; ++i) {
    const auto [input, post_attention] = layer_gains(plain, LayerIndex(i));
    record.input_gains[i].copy_(input);
    record.post_attention_gains[i].copy_(post_attention);
  }
  record.final_gain = plain.final_norm(kExact).clone();
}

Json part_json(const OrthogonalMap& map) {
  if (!map) return nullptr;
  return {{"kind", name_of(map.kind)},  {"order", map.order},       {"construction", map.construction},
          {"seed", map.seed},           {"signs", map.signed_rows}, {"factor", map.factor.size(0)},
          {"sylvester", map.sylvester}, {"scale", map.scale},       {"checksum", map.checksum}};
}

void require_order(const OrthogonalMap& map, int64_t order, const char* part, const std::filesystem::path& file) {
  if (map && map.order != order) {
    throw InputError(file.string(), std::string("parts.") + part + ".order", std::to_string(order) + " (the model's width)",
                     std::to_string(map.order));
  }
}

}  // namespace

std::string RotationRecord::checksum() const {
  Sha256 sum;
  for (const OrthogonalMap* map : {&r1, &r2, &r3, &r4}) sum.add(checksum_of(*map) + "\n");
  sum.add(gains_folded ? "gains folded\n" : "gains left\n");
  for (const at::Tensor* gains : {&input_gains, &post_attention_gains, &final_gain}) {
    if (gains->defined()) sum.add(bytes_of_tensor(*gains));
  }
  return sum.hex();
}

RotationRecord make_rotation(const ModelSource& plain, const std::string& base_hash, const RotationSettings& settings) {
  const ModelConfig& config = plain.config();
  RotationRecord record;
  record.settings = settings;
  record.base_hash = base_hash;
  record.tool_version = kToolVersion;
  if (!settings.fold_only) {
    const auto small = [&](bool wanted) { return wanted ? OrthogonalKind::hadamard : OrthogonalKind::none; };
    record.r1 = make_orthogonal(settings.r1, config.hidden, settings.seed, "r1", /*random_signs=*/true);
    record.r2 = make_orthogonal(small(settings.r2), config.head_dim, settings.seed, "r2", /*random_signs=*/true);
    record.r3 = make_orthogonal(small(settings.r3), config.head_dim, settings.seed, "r3", /*random_signs=*/false);
    record.r4 = make_orthogonal(settings.r4, config.intermediate, settings.seed, "r4", settings.r4_signs);
  }
  if (settings.fold_only || record.r1) keep_gains(plain, record);
  return record;
}

Json rotation_json(const RotationRecord& record) {
  return {{"seed", record.settings.seed}, {"gains_folded", record.gains_folded}, {"checksum", record.checksum()},
          {"r1", part_json(record.r1)},   {"r2", part_json(record.r2)},          {"r3", part_json(record.r3)},
          {"r4", part_json(record.r4)}};
}

void require_fitting(const RotationRecord& record, const ModelConfig& config, const std::filesystem::path& file) {
  require_order(record.r1, config.hidden, "r1", file);
  require_order(record.r2, config.head_dim, "r2", file);
  require_order(record.r3, config.head_dim, "r3", file);
  require_order(record.r4, config.intermediate, "r4", file);
  if (!record.gains_folded) return;
  const std::vector<int64_t> per_layer = {config.layers, config.hidden};
  if (record.input_gains.sizes() != per_layer) {
    throw InputError(file.string(), "input_gains", "shape " + shape_text(per_layer),
                     "shape " + shape_text(record.input_gains.sizes().vec()));
  }
}

}  // namespace rolora
