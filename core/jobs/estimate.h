// SPDX-License-Identifier: GPL-3.0-or-later
// What a run will cost, before it is started: seconds from a short probe on this machine and the stations' forecast work, memory from what
// each engine holds, with the arithmetic. Estimates, used for nothing but to be shown.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/jobs/inputs.h"
#include "core/jobs/pace_probe.h"

namespace rolora {

/// One sum of an estimate of memory: "one layer's weights", "45,056 numbers × 4 bytes".
struct MemoryPart {
  std::string what, arithmetic;
  double bytes = 0;
};

struct StationEstimate {
  std::string id, kind;
  double work = 0;  ///< tokens through the whole model, or what costs about as much (core/jobs/forecasts.cpp)
  double seconds = 0;
  std::vector<MemoryPart> memory;  ///< held at the same time, beside the program
  double disk_bytes = 0;           ///< of what it writes: model or adapter, checkpoints while it trains
  double temporary_bytes = 0;      ///< of a nameless file in TMPDIR while it works
};

struct RunEstimate {
  PaceProbe pace;
  double program_bytes = 0;  ///< this process before anything was opened: the program and its libraries
  std::vector<StationEstimate> stations;
  double seconds() const;
  /// Between these it should end on an idle machine: the spread of the passes, and of what stations really took beside what they were
  /// forecast (kStationSpread).
  double seconds_low() const;
  double seconds_high() const;
  /// Of the station that needs most, the program with it.
  double peak_bytes() const;
  double disk_bytes() const;
  double temporary_bytes() const;  ///< of the station that needs most: the file is gone when it ends
};

/// Stations' forecast work against what they took, on the models that were measured: within this share of each other.
inline constexpr double kStationSpread = 0.2;

/// Memory of this process now.
double resident_bytes();

/// `job` as inspect_inputs completed it.
RunEstimate estimate_run(const Job& job, const RunInputs& inputs, const Compute& compute, double program_bytes, Monitor& monitor);

/// {"stations": [{id, kind, work_tokens, seconds, peak_bytes, memory: [{what, arithmetic, bytes}], disk_bytes, temporary_bytes}],
/// "seconds", "seconds_low", "seconds_high", "peak_bytes", "disk_bytes", "temporary_bytes", "program_bytes", "pace": {tokens, layers,
/// threads, passes, layer_seconds, layer_seconds_low, layer_seconds_high, waiting, slowdown, head_share, seconds_per_token, how}}
Json estimate_json(const RunEstimate& estimate);

/// What a station holds in memory and leaves on the disk (the other half of estimate_run).
void estimate_memory(const Job& job, const RunInputs& inputs, const Station& station, const Compute& compute, StationEstimate& estimate);

}  // namespace rolora
