// SPDX-License-Identifier: GPL-3.0-or-later
// The integer grid of a weight quantizer and the one rounding that every method here uses (method §4: fp32, true division, ties to even).
#pragma once

#include <cstdint>

#include "core/quantization/spec.h"

// One function compiled for several vector widths, chosen when the program is loaded. Results are the same in all of them: every loop
// works element by element and contraction is off. Sanitizers cannot run the resolver, other processors have none.
#if defined(__x86_64__) && !defined(__SANITIZE_ADDRESS__)
#define ROLORA_VECTOR_WIDTHS __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define ROLORA_VECTOR_WIDTHS
#endif

namespace rolora {

struct IntegerGrid {
  float lowest = 0, highest = 0;  ///< of the integers; asymmetric ones start at 0
  float divisor = 1;              ///< scale = range / divisor
};

inline IntegerGrid integer_grid(int bits, bool symmetric, ScaleConvention convention) {
  const auto levels = static_cast<float>(1 << bits);
  if (!symmetric) return {0, levels - 1, levels - 1};
  const float half = levels / 2;
  return {-half, half - 1, convention == ScaleConvention::compressed_tensors ? (levels - 1) / 2 : half - 1};
}

/// round(x), ties to even, for |x| < 2^22: adding 1.5·2^23 leaves no fraction bits. Vectorizes on every processor.
inline float round_half_even(float x) {
  constexpr float kShift = 12582912.0f;
  return (x + kShift) - kShift;
}

/// The nearest grid point below the zero point's offset: clamp(round(w/s), lowest, highest). The bounds are integers, so clamping
/// first gives the same and keeps the rounding in range.
inline float nearest(float w, float s, float lowest, float highest) {
  float x = w / s;
  x = x < lowest ? lowest : x;
  x = x > highest ? highest : x;
  return round_half_even(x);
}

}  // namespace rolora
