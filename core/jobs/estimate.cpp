// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/jobs/estimate.h"

#include <unistd.h>

#include <algorithm>
#include <fstream>

namespace rolora {

double resident_bytes() {
  std::ifstream in("/proc/self/statm");
  double all = 0, resident = 0;
  in >> all >> resident;
  return resident * static_cast<double>(::sysconf(_SC_PAGESIZE));
}

double RunEstimate::seconds() const {
  double sum = 0;
  for (const StationEstimate& s : stations) sum += s.seconds;
  return sum;
}

double RunEstimate::seconds_low() const { return seconds() * pace.layer_seconds_low / pace.layer_seconds * (1 - kStationSpread); }
double RunEstimate::seconds_high() const { return seconds() * pace.layer_seconds_high / pace.layer_seconds * (1 + kStationSpread); }

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
  return {{"stations", std::move(stations)},
          {"seconds", estimate.seconds()},
          {"seconds_low", estimate.seconds_low()},
          {"seconds_high", estimate.seconds_high()},
          {"peak_bytes", estimate.peak_bytes()},
          {"disk_bytes", estimate.disk_bytes()},
          {"temporary_bytes", estimate.temporary_bytes()},
          {"program_bytes", estimate.program_bytes},
          {"pace",
           {{"tokens", p.tokens},
            {"layers", p.layers},
            {"threads", p.threads},
            {"passes", p.passes},
            {"layer_seconds", p.layer_seconds},
            {"layer_seconds_low", p.layer_seconds_low},
            {"layer_seconds_high", p.layer_seconds_high},
            {"waiting", p.waiting},
            {"slowdown", p.slowdown},
            {"head_share", p.head_share},
            {"seconds_per_token", p.seconds_per_token},
            {"how",
             "one layer was run on this machine just now, several times after a first that does not count, and the median of its processor "
             "time "
             "is scaled to all layers and the head; a station's work in tokens comes from ratios "
             "measured on a small model with two cores; reading from disk is not counted"}}}};
}

}  // namespace rolora
