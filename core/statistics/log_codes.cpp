// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/statistics/log_codes.h"

#include "core/statistics/vector_dispatch.h"
#if ROLORA_HAS_AVX2_COPY
#include <immintrin.h>
#endif

namespace rolora {
namespace {

constexpr uint32_t kSmallestNormal = 0x00800000u;

uint16_t code_of(const LogBins& bins, float x) {
  const auto bits = std::bit_cast<uint32_t>(x);
  const uint32_t magnitude = bits & static_cast<uint32_t>(lanes::kMagnitude);
  if (magnitude == 0) return kZeroCode;
  return static_cast<uint16_t>(2 * bins.of_bits(magnitude) + static_cast<int>(bits >> 31));
}

#if ROLORA_HAS_AVX2_COPY
// The arithmetic of LogBins::of_bits on eight values; returns how many of n were encoded. Eights with a zero or a subnormal go value by
// value.
ROLORA_AVX2_COPY int64_t encode_eights(const LogBins& bins, const float* x, int64_t n, uint16_t* codes) {
  const __m256i magnitude_bits = _mm256_set1_epi32(lanes::kMagnitude), mantissa_bits = _mm256_set1_epi32(0x007fffff);
  const __m256i below_normal = _mm256_set1_epi32(static_cast<int>(kSmallestNormal) - 1);
  const __m256i octave_zero = _mm256_set1_epi32(-127 - LogBins::kLowestOctave);
  const int* first = bins.first_of_cell();
  const int* edge = bins.last_below_edge();
  int64_t i = 0;
  for (; i + 8 <= n; i += 8) {
    const __m256i bits = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(x + i));
    const __m256i magnitude = _mm256_and_si256(bits, magnitude_bits), mantissa = _mm256_and_si256(bits, mantissa_bits);
    if (_mm256_movemask_epi8(_mm256_cmpgt_epi32(magnitude, below_normal)) != -1) [[unlikely]] {
      for (int64_t k = i; k < i + 8; ++k) codes[k] = code_of(bins, x[k]);
      continue;
    }
    __m256i bin = _mm256_i32gather_epi32(first, _mm256_srli_epi32(mantissa, LogBins::kCellBits), 4);
    bin = _mm256_sub_epi32(bin, _mm256_cmpgt_epi32(mantissa, _mm256_i32gather_epi32(edge, bin, 4)));
    bin = _mm256_add_epi32(bin, _mm256_slli_epi32(_mm256_add_epi32(_mm256_srli_epi32(magnitude, 23), octave_zero), 6));
    const __m256i code = _mm256_or_si256(_mm256_slli_epi32(bin, 1), _mm256_srli_epi32(bits, 31));
    const __m128i packed = _mm_packus_epi32(_mm256_castsi256_si128(code), _mm256_extracti128_si256(code, 1));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(codes + i), packed);
  }
  return i;
}
static_assert(LogBins::kPerOctave == 1 << 6);
#endif

}  // namespace

void encode(const float* x, int64_t n, uint16_t* codes) {
  const LogBins& bins = LogBins::get();
  int64_t i = 0;
#if ROLORA_HAS_AVX2_COPY
  if (lanes::avx2()) i = encode_eights(bins, x, n, codes);
#endif
  for (; i < n; ++i) codes[i] = code_of(bins, x[i]);
}

}  // namespace rolora
