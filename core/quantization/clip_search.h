// SPDX-License-Identifier: GPL-3.0-or-later
// The inner loops of scales and clip search, over one run of weights (a row or a group of it).
#pragma once

#include <cstdint>

#include "core/quantization/grid.h"

namespace rolora {

struct ScaleAndZero {
  float scale = 1;
  float zero = 0;  ///< an integer; 0 when symmetric
};

/// Scale of the run's range shrunk by `factor`, all in fp32. [low, high] holds 0; symmetric runs use max(|low|, high).
ScaleAndZero scale_of_range(float low, float high, float factor, bool symmetric, const IntegerGrid& grid);
/// Smallest and largest of w[0, n) and 0.
void range_of(const float* w, int64_t n, float& low, float& high);
/// Σ |ŵ − w|^2.4 in fp64. `n` is a multiple of kClipLanes; pad with zeros (they add nothing).
inline constexpr int64_t kClipLanes = 16;
double clip_error(const float* w, int64_t n, const ScaleAndZero& at, const IntegerGrid& grid);
/// The best of 80 shrink factors for w[0, n), n as above.
ScaleAndZero search_clip(const float* w, int64_t n, float low, float high, bool symmetric, const IntegerGrid& grid);
/// integer − zero of every weight as a float, out[0, n).
void nearest_all(const float* w, int64_t n, const ScaleAndZero& at, const IntegerGrid& grid, float* out);

}  // namespace rolora
