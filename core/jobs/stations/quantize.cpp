// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/jobs/stations/stations.h"
#include "core/quantization/quantize_folder.h"

namespace rolora {

Json run(const StationContext& context, const Station& station, const QuantizeStation& s) {
  const OpenedModel model = job_model(context, s.model);
  const QuantizeSource from{*model.source, model.folder, model.hash(), model.rotation ? model.rotation->checksum() : ""};
  CalibrationText calibration;
  if (s.how.calibration) {
    const JobText& text = context.job.texts.at(*s.how.calibration);
    const Windows windows = station_windows(context.job, context.inputs, *s.how.calibration, *s.how.context, false, s.how.samples);
    calibration = {windows.full, text.input.sha256, text.corpus};
  }
  QuantizeFolderOptions options;
  options.pipeline.compute = context.compute;
  options.pipeline.error_samples = s.how.error_samples;
  options.seed = station.seed;
  const QuantizationRecord record = quantize_folder(from, output_of(context, station), s.how.spec, calibration, options, context.monitor);
  Json linears = Json::array();  // in model order
  for (const LinearReport& report : record.linears) {
    Json one = report_json(report);
    one["name"] = report.name;
    linears.push_back(std::move(one));
  }
  return {{"linears", std::move(linears)}};
}

}  // namespace rolora
