// SPDX-License-Identifier: GPL-3.0-or-later
// How fast this machine runs a model: its first layer, on made-up tokens, here and now.
#pragma once

#include <cstdint>
#include <vector>

#include "core/base/monitor.h"
#include "core/model/weights.h"

namespace rolora {

/// Where threads sleep while they wait for each other, a pass takes this much longer than its leading thread works, measured with two
/// threads on two idle cores.
inline constexpr double kWaiting = 1.35;

/// Of every timed pass two times are taken: what a clock on the wall says, and the work, that is the processor time of the thread that
/// leads the pass. Where other programs take the processors away, the work stays what it is and only the wall's time grows. So estimates
/// stand on the work, and what the neighbours cost is told beside them. On a GPU both are the wall's.
struct PaceProbe {
  int64_t tokens = 0, layers = 0;  ///< of a timed pass; of the model
  int threads = 0;
  std::vector<double> passes;    ///< work of each pass in seconds, in their order; passes that warm up went before them
  double layer_seconds = 0;      ///< their median
  double layer_seconds_low = 0;  ///< their quartiles
  double layer_seconds_high = 0;
  double waiting = 1;            ///< kWaiting with several threads that sleep while they wait
  double slowdown = 1;           ///< median time on the wall / (median work × waiting): above 1 other programs seem to be at work
  double head_share = 0;         ///< the head's weights, in layers
  double seconds_per_token = 0;  ///< layer_seconds × waiting / tokens × (layers + head_share)
  double code_bytes = 0;         ///< of the program and its libraries that the first pass brought into memory, as any run will
};

/// Fills the quartiles, the median, the slowdown and seconds_per_token from what was measured; `walls` as long as probe.passes.
void settle(PaceProbe& probe, std::vector<double> walls);

/// Takes a second or two; at least three passes count, after two that do not.
PaceProbe probe_pace(const ModelSource& model, const Compute& compute, Monitor& monitor);

}  // namespace rolora
