// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/quantization/clip_search.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

namespace rolora {
namespace {

// |d|^2.4 = (d·r)³ with r = d^(−1/5): Newton's r ← r(6 − d·r⁵)/5 from a guess made of the exponent bits. Three steps in fp32 (from 4 % to
// its last bits), one in fp64 (to 1e-13). No division, no library call, so the loop around it runs in vectors.
inline __attribute__((always_inline)) double power_2_4(float d) {
  constexpr int32_t kMagic = 0x4c30a3d7;  // (6/5)·(127 − 0.045)·2^23
  const auto bits = std::bit_cast<int32_t>(d);
  float r = std::bit_cast<float>(kMagic - static_cast<int32_t>(0.2f * static_cast<float>(bits)));
  for (int step = 0; step < 3; ++step) {
    const float r2 = r * r;
    r = r * (1.2f - 0.2f * ((d * r) * (r2 * r2)));
  }
  const double x = d, r64 = r;
  const double square = r64 * r64;
  const double root = r64 * (1.2 - 0.2 * ((x * r64) * (square * square)));
  const double product = x * root;
  return product * product * product;
}

}  // namespace

ScaleAndZero scale_of_range(float low, float high, float factor, bool symmetric, const IntegerGrid& grid) {
  constexpr float kSmallestRange = 1e-5f;
  if (symmetric) return {factor * std::max(std::max(-low, high), kSmallestRange) / grid.divisor, 0};
  const float from = factor * low, to = factor * high;
  const float scale = std::max(to - from, kSmallestRange) / grid.divisor;
  return {scale, std::nearbyint(-from / scale)};
}

ROLORA_VECTOR_WIDTHS void range_of(const float* w, int64_t n, float& low, float& high) {
  float lows[kClipLanes] = {}, highs[kClipLanes] = {};
  int64_t i = 0;
  for (; i + kClipLanes <= n; i += kClipLanes) {
    for (int64_t lane = 0; lane < kClipLanes; ++lane) {
      const float value = w[i + lane];
      lows[lane] = value < lows[lane] ? value : lows[lane];
      highs[lane] = value > highs[lane] ? value : highs[lane];
    }
  }
  low = high = 0;
  for (; i < n; ++i) {
    low = std::min(low, w[i]);
    high = std::max(high, w[i]);
  }
  low = std::min(low, *std::min_element(lows, lows + kClipLanes));
  high = std::max(high, *std::max_element(highs, highs + kClipLanes));
}

ROLORA_VECTOR_WIDTHS double clip_error(const float* w, int64_t n, const ScaleAndZero& at, const IntegerGrid& grid) {
  const float scale = at.scale, lowest = grid.lowest - at.zero, highest = grid.highest - at.zero;
  double sums[kClipLanes] = {};
  for (int64_t i = 0; i < n; i += kClipLanes) {
    for (int64_t lane = 0; lane < kClipLanes; ++lane) {
      const float value = w[i + lane];
      const float error = nearest(value, scale, lowest, highest) * scale - value;
      sums[lane] += power_2_4(error < 0 ? -error : error);
    }
  }
  double total = 0;
  for (const double sum : sums) total += sum;
  return total;
}

ScaleAndZero search_clip(const float* w, int64_t n, float low, float high, bool symmetric, const IntegerGrid& grid) {
  ScaleAndZero best;
  float least = std::numeric_limits<float>::infinity();
  for (int step = 0; step < 80; ++step) {
    const ScaleAndZero candidate = scale_of_range(low, high, static_cast<float>(1.0 - step / 100.0), symmetric, grid);
    const auto error = static_cast<float>(clip_error(w, n, candidate, grid));
    if (error < least) {
      least = error;
      best = candidate;
    }
  }
  return best;
}

ROLORA_VECTOR_WIDTHS void nearest_all(const float* w, int64_t n, const ScaleAndZero& at, const IntegerGrid& grid, float* out) {
  const float scale = at.scale, lowest = grid.lowest - at.zero, highest = grid.highest - at.zero;
  for (int64_t i = 0; i < n; ++i) out[i] = nearest(w[i], scale, lowest, highest);
}

}  // namespace rolora
