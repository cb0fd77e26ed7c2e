// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/evaluation/perplexity.h"
#include "core/jobs/stations/quantization.h"
#include "core/quantization/fake_quantized.h"

namespace rolora {
namespace {

// The model as if it were quantized. With a calibration text GPTQ runs on it and the error of every linear is measured, as a quantize
// station would; without one there is nothing to measure and weights are rounded as they are loaded.
std::shared_ptr<const ModelSource> quantized_look(const StationContext& context, std::shared_ptr<const ModelSource> source,
                                                  const QuantizeSettings& how, Json& result) {
  tell_fallbacks(context, how, source->config(), result);
  const CalibrationText calibration = calibration_of(context, how);
  if (!calibration.windows.defined()) return std::make_shared<const FakeQuantizedSource>(std::move(source), how.spec);
  context.monitor.part(0, 2);
  auto look = FakeQuantizedSource::prepare(std::move(source), how.spec, calibration.windows, pipeline_of(context, how), context.monitor);
  context.monitor.part(1, 2);
  result["linears"] = linears_list(look->reports());
  return look;
}

}  // namespace

Json run(const StationContext& context, const Station&, const EvaluateStation& s) {
  const Windows windows = evaluation_windows(context.job, context.inputs, s);
  std::shared_ptr<const ModelSource> source = job_model(context, s.model).source;
  Json json = Json::object();
  if (s.quantization) source = quantized_look(context, std::move(source), *s.quantization, json);
  PassOptions options;
  options.compute = context.compute;
  const PerplexityResult result = perplexity(*source, windows, options, context.monitor);
  json.update({{"nll", result.nll},
               {"perplexity", result.perplexity},
               {"tokens", result.tokens},
               {"context", windows.context},
               {"windows", result.window_nll.size()},
               {"window_nll", result.window_nll}});
  return json;
}

}  // namespace rolora
