// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/statistics/states.h"

#include "core/rotation/rotated_source.h"

namespace rolora {

ModelState folded_state(std::shared_ptr<const ModelSource> plain, const std::string& plain_hash) {
  RotationSettings settings;
  settings.fold_only = true;
  settings.r1 = settings.r4 = OrthogonalKind::none;
  RotationRecord record = make_rotation(*plain, plain_hash, settings);
  auto source = std::make_shared<const RotatedSource>(std::move(plain), record);
  return {"folded", std::move(source), plain_hash, std::move(record)};
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
