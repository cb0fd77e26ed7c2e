// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/rotation/rotate_folder.h"

#include "core/jobs/stations/stations.h"
#include "core/model/checkpoint.h"

namespace rolora {
namespace {

constexpr int64_t kGateTokens = 512;  // method: equality gate

std::vector<int64_t> gate_text(const StationContext& context, const std::string& text) {
  std::vector<int64_t> ids = context.inputs.streams.at(text).ids;
  const int64_t most = std::min(kGateTokens, context.inputs.base.source->config().context);
  ids.resize(std::min(ids.size(), static_cast<size_t>(most)));
  return ids;
}

}  // namespace

Json run(const StationContext& context, const Station& station, const RotateStation& s) {
  RotateOptions options;
  options.rotation = s.rotation;
  options.store = parse_dtype(*s.store, "store");
  options.compute = context.compute;
  if (s.text) options.texts.push_back(gate_text(context, *s.text));
  const std::filesystem::path model = job_model(context, s.model).folder;
  const RotateResult result = rotate_folder(model, output_of(context, station), options, context.monitor);
  return {{"gate", gate_json(result.gate)}, {"rotation", rotation_json(result.record)}, {"store", dtype_name(result.stored)}};
}

}  // namespace rolora
