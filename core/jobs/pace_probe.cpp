// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/jobs/pace_probe.h"

#include <strings.h>

#include <ATen/Functions.h>
#include <time.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>
#include <string_view>

#include "core/kernels/device.h"
#include "core/model/passes.h"

namespace rolora {
namespace {

// The first layer alone, its weights loaded once, so that only arithmetic is timed.
class FirstLayer final : public ModelSource {
 public:
  FirstLayer(const ModelSource& whole, const Compute& compute)
      : whole_(whole), config_(whole.config()), weights_(whole.layer(LayerIndex(0), compute)) {
    config_.layers = 1;
  }
  const ModelConfig& config() const override { return config_; }
  LayerWeights layer(LayerIndex, const Compute&) const override { return weights_; }
  at::Tensor embed(const at::Tensor& ids, const Compute& compute) const override { return whole_.embed(ids, compute); }
  at::Tensor final_norm(const Compute& compute) const override { return whole_.final_norm(compute); }
  at::Tensor head(const Compute& compute) const override { return whole_.head(compute); }
  void attach(Listeners& listeners, const Compute& compute) const override { whole_.attach(listeners, compute); }

 private:
  const ModelSource& whole_;
  ModelConfig config_;
  LayerWeights weights_;
};

double clock_seconds(clockid_t clock) {
  timespec now = {};
  ::clock_gettime(clock, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

int64_t layer_parameters(const ModelConfig& config) {
  int64_t count = 2 * config.hidden;
  for (const LinearKind kind : kAllLinears) {
    const LinearShape shape = linear_shape(config, kind);
    count += shape.in * shape.out;
  }
  return count;
}

int64_t window_of(int64_t tokens, const ModelConfig& config) { return std::min<int64_t>({tokens, config.context, 256}); }

struct Pass {
  double wall = 0, work = 0;
};

Pass timed_pass(const FirstLayer& layer, int64_t tokens, const Compute& compute, Monitor& monitor) {
  const int64_t length = window_of(tokens, layer.config());
  const at::Tensor ids = at::arange(tokens / length * length).remainder(layer.config().vocabulary).view({-1, length});
  PassOptions options;
  options.compute = compute;
  const double wall = clock_seconds(CLOCK_MONOTONIC), work = clock_seconds(CLOCK_THREAD_CPUTIME_ID);
  double sum = 0;  // read back, so that a device has finished
  run_layerwise(layer, ids, {}, options, monitor, "probe",
                [&](WindowIndex, const at::Tensor& h) { sum += h.slice(0, 0, 1).sum().item<double>(); });
  Pass pass{clock_seconds(CLOCK_MONOTONIC) - wall, clock_seconds(CLOCK_THREAD_CPUTIME_ID) - work};
  if (compute.device.is_cuda()) pass.work = pass.wall;  // the processor only waits
  return pass;
}

// Of the program and its libraries in memory now; files of models that are mapped too do not count.
double code_in_memory() {
  std::ifstream in("/proc/self/smaps");
  double kilobytes = 0;
  bool code = false;
  for (std::string line; std::getline(in, line);) {
    std::istringstream words(line);
    std::string first, permissions, offset, device, inode, path;
    words >> first >> permissions;
    if (!first.ends_with(':')) {  // a mapping's head: addresses, permissions, offset, device, inode, path
      words >> offset >> device >> inode >> path;
      code = path.find(".so") != std::string::npos || permissions.find('x') != std::string::npos;
    } else if (code && first == "Rss:") {
      kilobytes += std::stod(permissions);
    }
  }
  return 1024 * kilobytes;
}

double quantile(std::vector<double> values, double share) {
  std::sort(values.begin(), values.end());
  const double at = share * static_cast<double>(values.size() - 1);
  const auto below = static_cast<size_t>(at);
  const double next = values[std::min(below + 1, values.size() - 1)];
  return values[below] + (at - static_cast<double>(below)) * (next - values[below]);
}

}  // namespace

void settle(PaceProbe& probe, std::vector<double> walls) {
  probe.layer_seconds = quantile(probe.passes, 0.5);
  probe.layer_seconds_low = quantile(probe.passes, 0.25);
  probe.layer_seconds_high = quantile(probe.passes, 0.75);
  probe.slowdown = probe.layer_seconds > 0 ? std::max(1.0, quantile(std::move(walls), 0.5) / (probe.layer_seconds * probe.waiting)) : 1.0;
  probe.seconds_per_token =
      probe.layer_seconds * probe.waiting / static_cast<double>(probe.tokens) * (static_cast<double>(probe.layers) + probe.head_share);
}

PaceProbe probe_pace(const ModelSource& model, const Compute& compute, Monitor& monitor) {
  constexpr int64_t kMostTokens = 4096;  // more would not be faster by the token
  constexpr double kLongEnough = 0.03;   // seconds of work beside which starting a pass is nothing
  constexpr double kTimed = 1.2;         // seconds on the wall for the passes that count
  constexpr size_t kLeast = 3, kMost = 15;
  const ModelConfig& config = model.config();
  const double code = code_in_memory();
  const FirstLayer layer(model, compute);
  PaceProbe probe;
  probe.layers = config.layers;
  probe.threads = kernels::threads();
  const char* policy = std::getenv("OMP_WAIT_POLICY");  // threads that spin work while they wait
  const bool asleep = policy != nullptr && ::strcasecmp(policy, "passive") == 0;
  if (probe.threads > 1 && asleep && !compute.device.is_cuda()) probe.waiting = kWaiting;
  probe.head_share = static_cast<double>(config.vocabulary * config.hidden) / static_cast<double>(layer_parameters(config));
  probe.tokens = std::min<int64_t>(64, config.context);
  timed_pass(layer, probe.tokens, compute, monitor);  // warms caches and threads
  probe.code_bytes = std::max(0.0, code_in_memory() - code);
  while (timed_pass(layer, probe.tokens, compute, monitor).work < kLongEnough && probe.tokens * 4 <= kMostTokens) probe.tokens *= 4;
  const int64_t length = window_of(probe.tokens, config);
  probe.tokens = probe.tokens / length * length;
  std::vector<double> walls;
  const double end = clock_seconds(CLOCK_MONOTONIC) + kTimed;
  while (walls.size() < kLeast || (walls.size() < kMost && clock_seconds(CLOCK_MONOTONIC) < end)) {
    const Pass pass = timed_pass(layer, probe.tokens, compute, monitor);
    walls.push_back(pass.wall);
    probe.passes.push_back(pass.work);
  }
  settle(probe, std::move(walls));
  return probe;
}

}  // namespace rolora
