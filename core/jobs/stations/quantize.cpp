// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/jobs/stations/quantization.h"

namespace rolora {

Json run(const StationContext& context, const Station& station, const QuantizeStation& s) {
  const OpenedModel model = job_model(context, s.model);
  Json result;
  tell_fallbacks(context, s.how, model.source->config(), result);
  const QuantizeSource from{*model.source, model.folder, model.hash(), model.rotation ? model.rotation->checksum() : ""};
  QuantizeFolderOptions options;
  options.pipeline = pipeline_of(context, s.how);
  options.seed = station.seed;
  const QuantizationRecord record =
      quantize_folder(from, output_of(context, station), s.how.spec, calibration_of(context, s.how), options, context.monitor);
  result["linears"] = linears_list(record.linears);
  return result;
}

}  // namespace rolora
