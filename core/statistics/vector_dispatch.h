// SPDX-License-Identifier: GPL-3.0-or-later
// Small fixed vectors for the inner loops, and one copy of a loop for AVX2. Sums run in fixed lanes without contraction, so both copies
// give the same bits; only the speed differs.
#pragma once

#include <cstdint>
#include <cstring>

namespace rolora::lanes {

using Float4 [[gnu::vector_size(16)]] = float;
using Int4 [[gnu::vector_size(16)]] = int32_t;
using Double4 [[gnu::vector_size(32)]] = double;

inline constexpr int32_t kMagnitude = 0x7fffffff;      ///< all bits but the sign
inline constexpr int32_t kLargestFinite = 0x7f7fffff;  ///< bits of the largest finite fp32

}  // namespace rolora::lanes

#define ROLORA_INLINE_LOOP inline __attribute__((always_inline))
#if defined(__x86_64__)
#define ROLORA_HAS_AVX2_COPY 1
#define ROLORA_AVX2_COPY __attribute__((target("avx2")))
namespace rolora::lanes {
inline bool avx2() {
  static const bool has = __builtin_cpu_supports("avx2") != 0;
  return has;
}
}  // namespace rolora::lanes
#else
#define ROLORA_HAS_AVX2_COPY 0
#endif
