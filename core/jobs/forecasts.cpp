// SPDX-License-Identifier: GPL-3.0-or-later
// Rough work of each station in tokens through the whole model: the weights are measured ratios on a small model with two cores, good
// enough for an estimate of time and used for nothing else.
#include <algorithm>

#include "core/jobs/inputs.h"

namespace rolora {
namespace {

class Forecast {
 public:
  explicit Forecast(const RunInputs& inputs) : inputs_(inputs) {}

  double operator()(const EvaluateStation& s) const {
    return tokens(s.text, *s.context, s.windows) * (s.quantization ? 1.3 : 1.0) + (s.quantization ? (*this)(*s.quantization) : 0);
  }
  double operator()(const StatisticsStation& s) const {
    return static_cast<double>(s.states.size()) * tokens(s.text, *s.context, s.windows) * 2.5;
  }
  double operator()(const RotateStation&) const { return 4000; }
  double operator()(const MergeStation&) const { return 2000; }
  double operator()(const QuantizeStation& s) const { return 1000 + (*this)(s.how); }
  double operator()(const FinetuneStation& s) const {
    const TrainingSettings& t = s.training;
    const double length = static_cast<double>(s.format == "text" ? *s.block : *s.cutoff / 4);
    const double rows = static_cast<double>(t.batch * t.accumulate);
    const double examples = s.format == "text" ? tokens(s.data, *s.block, 0) / length : 1000;
    const double steps = t.steps ? static_cast<double>(*t.steps) : t.epochs * examples / rows;
    return steps * rows * length * 3.0;
  }

 private:
  double operator()(const QuantizeSettings& how) const {
    if (!how.calibration) return 0;
    const CalibrationWindows& w = how.windows;
    const double errors = w.error_samples > 0 ? 15.0 * tokens(*how.calibration, *w.context, w.error_samples) : 0;
    return how.spec.method == WeightMethod::rtn ? errors : errors + 4.0 * tokens(*how.calibration, *w.context, w.samples);
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
