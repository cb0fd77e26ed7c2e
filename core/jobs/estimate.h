// SPDX-License-Identifier: GPL-3.0-or-later
// What a run will cost, before it is started: seconds from a short probe on this machine and the stations' forecast work, memory from what
// each engine holds, with the arithmetic. Estimates, used for nothing but to be shown.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/jobs/inputs.h"
#include "core/jobs/pace_probe.h"

namespace rolora {

/// Where a part of memory lies when the arithmetic runs on a GPU.
enum class Place { device, host, both };

/// One sum of an estimate of memory: "one layer's weights", "45,056 numbers × 4 bytes".
struct MemoryPart {
  std::string what, arithmetic;
  double bytes = 0;
  Place place = Place::device;
};

struct StationEstimate {
  std::string id, kind;
  double work = 0;  ///< tokens through the whole model, or what costs about as much (core/jobs/forecasts.cpp)
  double seconds = 0;
  std::vector<MemoryPart> memory;  ///< held at the same time, beside the program
  double disk_bytes = 0;           ///< of what it writes: model or adapter, checkpoints while it trains
  double temporary_bytes = 0;      ///< of a nameless file in TMPDIR while it works
  double memory_bytes() const;     ///< all parts: what work on the processors holds
  double vram_bytes() const;       ///< of these on a GPU; the driver's own context is not counted
  double host_bytes() const;       ///< of these in RAM beside a GPU
};

struct RunEstimate {
  std::optional<PaceProbe> pace;
  /// This process before anything was opened, and what of its code the probe's first pass brought in: the program and its libraries.
  double program_bytes = 0;
  std::vector<StationEstimate> stations;
  double seconds() const;
  /// Between these it should end: the spread of the passes, and of what stations really took beside what they were forecast
  /// (kStationSpread). The upper end also holds what each station takes however little it computes (kStationOverhead), and the neighbours
  /// at work now (PaceProbe::slowdown): they may go or stay.
  double seconds_low() const;
  double seconds_high() const;
  /// Of the station that needs most, the program with it: RAM where the processors work.
  double peak_bytes() const;
  double peak_vram_bytes() const;  ///< with --device cuda
  double peak_host_bytes() const;  ///< RAM with --device cuda, the program with it
  double disk_bytes() const;
  double temporary_bytes() const;  ///< of the station that needs most: the file is gone when it ends

 private:
  double most(double (StationEstimate::*bytes)() const) const;
};

/// Stations' forecast work against what they took, on the models that were measured: within this share of each other.
inline constexpr double kStationSpread = 0.25;
/// Seconds of a station for opening, hashing and writing: what forecasts in tokens do not know, and most of a short station.
inline constexpr double kStationOverhead = 0.3;

/// Memory of this process now.
double resident_bytes();

/// `job` as inspect_inputs completed it; `program_bytes` of this process before that. Without a pace no times.
RunEstimate estimate_run(const Job& job, const RunInputs& inputs, const Compute& compute, double program_bytes,
                         const std::optional<PaceProbe>& pace);

/// {"stations": [{id, kind, work_tokens, seconds, peak_bytes, vram_bytes, memory: [{what, arithmetic, bytes, gpu: device|host|both}],
/// disk_bytes, temporary_bytes}], "seconds", "seconds_low", "seconds_high", "peak_bytes", "vram_bytes", "host_bytes", "disk_bytes",
/// "temporary_bytes", "program_bytes", "pace": {tokens, layers, threads, passes, layer_seconds, layer_seconds_low, layer_seconds_high,
/// waiting, slowdown, head_share, seconds_per_token, how}}; pace and times are null where none was taken.
Json estimate_json(const RunEstimate& estimate);

/// What a station holds in memory and leaves on the disk (the other half of estimate_run).
void estimate_memory(const Job& job, const RunInputs& inputs, const Station& station, const Compute& compute, StationEstimate& estimate);

}  // namespace rolora
