// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/evaluation/perplexity.h"

#include <ATen/Functions.h>

#include <cmath>

#include "core/base/error.h"

namespace rolora {
namespace {

// Sums the negative log-likelihood of each window as its final residual stream arrives.
class Likelihood {
 public:
  Likelihood(const ModelSource& source, const Compute& compute) : source_(source), compute_(compute) {}

  void run(const at::Tensor& windows, PassOptions options, Monitor& monitor, const Listeners& extra) {
    options.first_window = WindowIndex(static_cast<int64_t>(means_.size()));
    const int64_t base = options.first_window.value;
    run_layerwise(source_, windows, extra, options, monitor, "evaluate: perplexity", [&](WindowIndex first, const at::Tensor& h) {
      add(h, windows.slice(0, first.value - base, first.value - base + h.size(0)));
    });
  }

  PerplexityResult result() const {
    PerplexityResult result;
    result.tokens = tokens_;
    result.nll = sum_ / static_cast<double>(tokens_);
    result.perplexity = std::exp(result.nll);
    result.window_nll = means_;
    return result;
  }

 private:
  // h [B, T, d], ids [B, T]: position t predicts id t + 1.
  void add(const at::Tensor& h, const at::Tensor& ids) {
    if (!head_.defined()) {
      head_ = source_.head(compute_);
      norm_ = source_.final_norm(compute_);
    }
    const int64_t predicted = h.size(1) - 1;
    for (int64_t row = 0; row < h.size(0); ++row) {
      const at::Tensor targets = ids.select(0, row).slice(0, 1).to(compute_.device);
      const at::Tensor nll = token_nll(h.select(0, row).slice(0, 0, predicted), targets, norm_, head_, source_.config().rms_epsilon);
      const double sum = nll.sum().item<double>();
      if (!std::isfinite(sum)) {
        throw NumericError("evaluate: window " + std::to_string(means_.size()) + ": the likelihood is not finite in " +
                           std::string(c10::toString(compute_.type)) + ": try a wider --dtype");
      }
      sum_ += sum;
      tokens_ += predicted;
      means_.push_back(sum / static_cast<double>(predicted));
    }
  }

  const ModelSource& source_;
  Compute compute_;
  at::Tensor head_, norm_;  // loaded with the first finished batch and kept
  double sum_ = 0;
  int64_t tokens_ = 0;
  std::vector<double> means_;
};

}  // namespace

PerplexityResult perplexity(const ModelSource& source, const Windows& windows, const PassOptions& options, Monitor& monitor,
                            const Listeners& extra) {
  if (windows.context > source.config().context) {
    monitor.notice("evaluate: windows of " + std::to_string(windows.context) + " tokens reach beyond the model's context of " +
                   std::to_string(source.config().context));
  }
  Likelihood likelihood(source, options.compute);
  if (windows.full.defined() && windows.full.size(0) > 0) likelihood.run(windows.full, options, monitor, extra);
  if (windows.tail.defined()) likelihood.run(windows.tail.unsqueeze(0), options, monitor, extra);
  const PerplexityResult result = likelihood.result();
  if (result.tokens == 0) throw InputError("windows", "tokens", "at least one predicted token", "none");
  return result;
}

}  // namespace rolora
