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

double RunEstimate::seconds_low() const { return seconds() * pace->layer_seconds_low / pace->layer_seconds * (1 - kStationSpread); }
double RunEstimate::seconds_high() const {
  return seconds() * pace->layer_seconds_high / pace->layer_seconds * (1 + kStationSpread) * std::max(1.0, pace->slowdown) +
         kStationOverhead * static_cast<double>(stations.size());
}

double StationEstimate::memory_bytes() const {
  double sum = 0;
  for (const MemoryPart& part : memory) sum += part.bytes;
  return sum;
}

double StationEstimate::vram_bytes() const {
  double sum = 0;
  for (const MemoryPart& part : memory) sum += part.place == Place::host ? 0 : part.bytes;
  return sum;
}

double StationEstimate::host_bytes() const {
  double sum = 0;
  for (const MemoryPart& part : memory) sum += part.place == Place::device ? 0 : part.bytes;
  return sum;
}

double RunEstimate::peak_bytes() const { return program_bytes + most(&StationEstimate::memory_bytes); }
double RunEstimate::peak_vram_bytes() const { return most(&StationEstimate::vram_bytes); }
double RunEstimate::peak_host_bytes() const { return program_bytes + most(&StationEstimate::host_bytes); }

double RunEstimate::most(double (StationEstimate::*bytes)() const) const {
  double found = 0;
  for (const StationEstimate& s : stations) found = std::max(found, (s.*bytes)());
  return found;
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

RunEstimate estimate_run(const Job& job, const RunInputs& inputs, const Compute& compute, double program_bytes,
                         const std::optional<PaceProbe>& pace) {
  RunEstimate estimate;
  estimate.program_bytes = program_bytes + (pace ? pace->code_bytes : 0);
  estimate.pace = pace;
  const std::vector<StationForecast> work = forecasts(job, inputs);
  for (size_t i = 0; i < job.stations.size(); ++i) {
    StationEstimate one;
    one.id = job.stations[i].id;
    one.kind = work[i].kind;
    one.work = work[i].work;
    if (pace) one.seconds = one.work * pace->seconds_per_token;
    estimate_memory(job, inputs, job.stations[i], compute, one);
    estimate.stations.push_back(std::move(one));
  }
  return estimate;
}

namespace {

Json station_json(const StationEstimate& s, bool timed, double program_bytes) {
  Json memory = Json::array();
  for (const MemoryPart& part : s.memory) {
    const char* place = part.place == Place::device ? "device" : part.place == Place::host ? "host" : "both";
    memory.push_back({{"what", part.what}, {"arithmetic", part.arithmetic}, {"bytes", part.bytes}, {"gpu", place}});
  }
  return {{"id", s.id},
          {"kind", s.kind},
          {"work_tokens", s.work},
          {"seconds", timed ? Json(s.seconds) : Json()},
          {"peak_bytes", program_bytes + s.memory_bytes()},
          {"vram_bytes", s.vram_bytes()},
          {"memory", std::move(memory)},
          {"disk_bytes", s.disk_bytes},
          {"temporary_bytes", s.temporary_bytes}};
}

Json pace_json(const PaceProbe& p) {
  return {{"tokens", p.tokens},
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
           "time is scaled to all layers and the head; a station's work in tokens comes from ratios measured on a small model with two "
           "cores; reading from disk is not counted"}};
}

}  // namespace

Json estimate_json(const RunEstimate& estimate) {
  const bool timed = estimate.pace.has_value();
  Json stations = Json::array();
  for (const StationEstimate& s : estimate.stations) stations.push_back(station_json(s, timed, estimate.program_bytes));
  return {{"stations", std::move(stations)},
          {"seconds", timed ? Json(estimate.seconds()) : Json()},
          {"seconds_low", timed ? Json(estimate.seconds_low()) : Json()},
          {"seconds_high", timed ? Json(estimate.seconds_high()) : Json()},
          {"peak_bytes", estimate.peak_bytes()},
          {"vram_bytes", estimate.peak_vram_bytes()},
          {"host_bytes", estimate.peak_host_bytes()},
          {"disk_bytes", estimate.disk_bytes()},
          {"temporary_bytes", estimate.temporary_bytes()},
          {"program_bytes", estimate.program_bytes},
          {"pace", timed ? pace_json(*estimate.pace) : Json()}};
}

}  // namespace rolora
