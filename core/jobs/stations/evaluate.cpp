// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/evaluation/perplexity.h"
#include "core/jobs/stations/stations.h"
#include "core/quantization/fake_quantized.h"

namespace rolora {
namespace {

std::shared_ptr<const ModelSource> quantized_look(const StationContext& context, std::shared_ptr<const ModelSource> source,
                                                  const QuantizeSettings& how) {
  if (how.spec.method == WeightMethod::rtn) return std::make_shared<const FakeQuantizedSource>(std::move(source), how.spec);
  const Windows windows = station_windows(context.job, context.inputs, *how.calibration, *how.context, false, how.samples);
  PipelineOptions options;
  options.compute = context.compute;
  options.error_samples = how.error_samples;
  context.monitor.part(0, 2);
  auto look = FakeQuantizedSource::prepare(std::move(source), how.spec, windows.full, options, context.monitor);
  context.monitor.part(1, 2);
  return look;
}

}  // namespace

Json run(const StationContext& context, const Station&, const EvaluateStation& s) {
  const Windows windows = station_windows(context.job, context.inputs, s.text, *s.context, s.keep_tail, s.windows);
  std::shared_ptr<const ModelSource> source = job_model(context, s.model).source;
  if (s.quantization) source = quantized_look(context, std::move(source), *s.quantization);
  PassOptions options;
  options.compute = context.compute;
  const PerplexityResult result = perplexity(*source, windows, options, context.monitor);
  return {{"nll", result.nll},          {"perplexity", result.perplexity},     {"tokens", result.tokens},
          {"context", windows.context}, {"windows", result.window_nll.size()}, {"window_nll", result.window_nll}};
}

}  // namespace rolora
