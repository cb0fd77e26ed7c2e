// SPDX-License-Identifier: GPL-3.0-or-later
// Rough work of each station in tokens through the whole model: the weights are measured ratios on a small model with two cores, good
// enough for an estimate of time and used for nothing else.
#include <algorithm>
#include <cmath>

#include "core/jobs/inputs.h"

namespace rolora {
namespace {

class Forecast {
 public:
  explicit Forecast(const RunInputs& inputs) : inputs_(inputs) {}

  double operator()(const EvaluateStation& s) const {
    const double passes = tokens(s.text, *s.context, s.windows) * (s.quantization ? fake_quantized(s.quantization->spec) : 1.0);
    return passes + (s.quantization ? (*this)(*s.quantization) : 0);
  }
  double operator()(const StatisticsStation& s) const {
    const double all = tokens(s.text, *s.context, s.windows);
    const double written = s.keep.empty() ? 0 : s.keep_tokens > 0 ? std::min(all, static_cast<double>(s.keep_tokens)) : all;
    return static_cast<double>(s.states.size()) * (2800 + 1.4 * all + 5.0 * static_cast<double>(s.keep.size()) * written);
  }
  double operator()(const RotateStation&) const { return 2000; }
  double operator()(const MergeStation&) const { return 2200; }
  double operator()(const QuantizeStation& s) const { return 1200 + (*this)(s.how); }
  double operator()(const FinetuneStation& s) const {
    const TrainingSettings& t = s.training;
    const double length = static_cast<double>(s.format == "text" ? *s.block : *s.cutoff / 4);
    const double rows = static_cast<double>(t.batch * t.accumulate);
    const double examples = s.format == "text" ? tokens(s.data, *s.block, 0) / length : 1000;
    const double steps = t.steps ? static_cast<double>(*t.steps) : t.epochs * examples / rows;
    const double looks =
        t.validation > 0 ? 1 + (t.evaluate_every > 0 ? std::floor(steps / static_cast<double>(t.evaluate_every)) : t.epochs) : 0;
    return steps * rows * length * 4.8 + looks * t.validation * examples * length;
  }

 private:
  // Rounding activations and keys on the way costs as a sixth of the pass; weights are rounded once.
  static double fake_quantized(const QuantizationSpec& spec) { return spec.activations.bits < 16 || spec.kv_bits < 16 ? 1.15 : 1.0; }
  double operator()(const QuantizeSettings& how) const {
    const double search = how.spec.weights.clip_search ? 4700 : 0;  // grows with the weights, as a token's way through them does
    if (!how.calibration) return search;
    const CalibrationWindows& w = how.windows;
    const double errors = w.error_samples > 0 ? 8.1 * tokens(*how.calibration, *w.context, w.error_samples) : 0;
    if (how.spec.method == WeightMethod::rtn) return search + errors;
    return search + errors + 1200 + 1.8 * tokens(*how.calibration, *w.context, w.samples);
  }
  double tokens(const std::string& text, int64_t context, int64_t windows) const {
    const auto all = static_cast<double>(inputs_.streams.at(text).ids.size());
    return windows > 0 ? std::min(all, static_cast<double>(windows * context)) : all;
  }
  const RunInputs& inputs_;
};

}  // namespace

std::vector<StationForecast> forecasts(const Job& job, const RunInputs& inputs) {
  std::vector<StationForecast> all;
  for (const Station& station : job.stations) {
    const double work = std::visit([&](const auto& s) { return Forecast(inputs)(s); }, station.settings);
    all.push_back({std::string(station.kind()), std::max(1.0, work)});
  }
  return all;
}

}  // namespace rolora
