// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/jobs/stations/quantization.h"

namespace rolora {

CalibrationText calibration_of(const StationContext& context, const QuantizeSettings& how) {
  if (!how.calibration) return {};
  const JobText& text = context.job.texts.at(*how.calibration);
  const Windows windows =
      whole_windows(stream_of(context.job, context.inputs, *how.calibration), *how.windows.context, how.windows.samples);
  return {windows.full, text.input.sha256, text.corpus};
}

PipelineOptions pipeline_of(const StationContext& context, const QuantizeSettings& how) {
  PipelineOptions options;
  options.compute = context.compute;
  options.error_samples = how.windows.error_samples;
  return options;
}

void tell_fallbacks(const StationContext& context, const QuantizeSettings& how, const ModelConfig& config, Json& result) {
  GroupFallbacks found = group_fallbacks(how.spec, config);
  for (const std::string& key : how.idle) found.notices.push_back(key + " is ignored: it is about a calibration text, and there is none");
  for (const std::string& line : found.notices) context.monitor.notice(line);
  result["per_channel"] = std::move(found.linears);
  result["per_token"] = std::move(found.sites);
  result["notices"] = std::move(found.notices);
}

Json linears_list(const std::vector<LinearReport>& reports) {
  Json linears = Json::array();
  for (const LinearReport& report : reports) {
    Json one = report_json(report);
    one["name"] = report.name;
    linears.push_back(std::move(one));
  }
  return linears;
}

}  // namespace rolora
