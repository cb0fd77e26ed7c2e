// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/jobs/estimate.h"

#include <ATen/Functions.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <fstream>

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

double now() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

int64_t layer_parameters(const ModelConfig& config) {
  int64_t count = 2 * config.hidden;
  for (const LinearKind kind : kAllLinears) {
    const LinearShape shape = linear_shape(config, kind);
    count += shape.in * shape.out;
  }
  return count;
}

double timed_pass(const FirstLayer& layer, int64_t tokens, const Compute& compute, Monitor& monitor) {
  const int64_t length = std::min<int64_t>({tokens, layer.config().context, 256});
  const at::Tensor ids = at::arange(tokens / length * length).remainder(layer.config().vocabulary).view({-1, length});
  PassOptions options;
  options.compute = compute;
  const double start = now();
  double sum = 0;  // read back, so that a device has finished
  run_layerwise(layer, ids, {}, options, monitor, "probe",
                [&](WindowIndex, const at::Tensor& h) { sum += h.slice(0, 0, 1).sum().item<double>(); });
  return now() - start;
}

// Other work on the machine only ever makes a pass longer.
double fastest_pass(const FirstLayer& layer, int64_t tokens, double end, const Compute& compute, Monitor& monitor) {
  double fastest = timed_pass(layer, tokens, compute, monitor);
  for (int again = 0; again < 2 && now() < end; ++again) fastest = std::min(fastest, timed_pass(layer, tokens, compute, monitor));
  return fastest;
}

}  // namespace

double resident_bytes() {
  std::ifstream in("/proc/self/statm");
  double all = 0, resident = 0;
  in >> all >> resident;
  return resident * static_cast<double>(::sysconf(_SC_PAGESIZE));
}

PaceProbe probe_pace(const ModelSource& model, const Compute& compute, Monitor& monitor) {
  constexpr int64_t kMostTokens = 4096;  // more would not be faster by the token
  constexpr double kLongEnough = 0.1;    // seconds that a clock and a scheduler measure well
  constexpr double kLongestProbe = 1.5;  // seconds, but for a single pass of a huge layer
  const ModelConfig& config = model.config();
  const FirstLayer layer(model, compute);
  PaceProbe probe;
  probe.layers = config.layers;
  probe.tokens = std::min<int64_t>(64, config.context);
  timed_pass(layer, probe.tokens, compute, monitor);  // warms caches and threads
  const double end = now() + kLongestProbe;
  probe.layer_seconds = fastest_pass(layer, probe.tokens, end, compute, monitor);
  // As long as a token gets cheaper with more of them, starting a pass is what was timed.
  while (probe.tokens * 4 <= kMostTokens && now() < end) {
    const double longer = fastest_pass(layer, probe.tokens * 4, end, compute, monitor);
    const bool settled = longer >= kLongEnough && longer > 3.2 * probe.layer_seconds;
    probe.tokens *= 4;
    probe.layer_seconds = longer;
    if (settled) break;
  }
  const int64_t length = std::min<int64_t>({probe.tokens, config.context, 256});
  probe.tokens = probe.tokens / length * length;
  probe.head_share = static_cast<double>(config.vocabulary * config.hidden) / static_cast<double>(layer_parameters(config));
  probe.seconds_per_token =
      probe.layer_seconds / static_cast<double>(probe.tokens) * (static_cast<double>(probe.layers) + probe.head_share);
  return probe;
}

double RunEstimate::seconds() const {
  double sum = 0;
  for (const StationEstimate& s : stations) sum += s.seconds;
  return sum;
}

double RunEstimate::peak_bytes() const {
  double most = 0;
  for (const StationEstimate& s : stations) {
    double sum = 0;
    for (const MemoryPart& part : s.memory) sum += part.bytes;
    most = std::max(most, sum);
  }
  return program_bytes + most;
}

double RunEstimate::disk_bytes() const {
  double sum = 0;
  for (const StationEstimate& s : stations) sum += s.disk_bytes;
  return sum;
}

double RunEstimate::temporary_bytes() const {
  double most = 0;
  for (const StationEstimate& s : stations) most = std::max(most, s.temporary_bytes);
  return most;
}

RunEstimate estimate_run(const Job& job, const RunInputs& inputs, const Compute& compute, double program_bytes, Monitor& monitor) {
  RunEstimate estimate;
  estimate.program_bytes = program_bytes;
  estimate.pace = probe_pace(*inputs.base.source, compute, monitor);
  const std::vector<StationForecast> work = forecasts(job, inputs);
  for (size_t i = 0; i < job.stations.size(); ++i) {
    StationEstimate one;
    one.id = job.stations[i].id;
    one.kind = work[i].kind;
    one.work = work[i].work;
    one.seconds = one.work * estimate.pace.seconds_per_token;
    estimate_memory(job, inputs, job.stations[i], compute, one);
    estimate.stations.push_back(std::move(one));
  }
  return estimate;
}

Json estimate_json(const RunEstimate& estimate) {
  Json stations = Json::array();
  for (const StationEstimate& s : estimate.stations) {
    Json memory = Json::array();
    double sum = estimate.program_bytes;
    for (const MemoryPart& part : s.memory) {
      memory.push_back({{"what", part.what}, {"arithmetic", part.arithmetic}, {"bytes", part.bytes}});
      sum += part.bytes;
    }
    stations.push_back({{"id", s.id},
                        {"kind", s.kind},
                        {"work_tokens", s.work},
                        {"seconds", s.seconds},
                        {"peak_bytes", sum},
                        {"memory", std::move(memory)},
                        {"disk_bytes", s.disk_bytes},
                        {"temporary_bytes", s.temporary_bytes}});
  }
  const PaceProbe& p = estimate.pace;
  return {
      {"stations", std::move(stations)},
      {"seconds", estimate.seconds()},
      {"peak_bytes", estimate.peak_bytes()},
      {"disk_bytes", estimate.disk_bytes()},
      {"temporary_bytes", estimate.temporary_bytes()},
      {"program_bytes", estimate.program_bytes},
      {"pace",
       {{"tokens", p.tokens},
        {"layers", p.layers},
        {"layer_seconds", p.layer_seconds},
        {"head_share", p.head_share},
        {"seconds_per_token", p.seconds_per_token},
        {"how",
         "one layer was run on this machine just now and scaled to all layers and the head; a station's work in tokens comes from ratios "
         "measured on a small model with two cores; reading from disk is not counted"}}}};
}

}  // namespace rolora
