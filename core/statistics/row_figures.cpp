// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/statistics/row_figures.h"

#include <algorithm>
#include <bit>

#include "core/statistics/vector_dispatch.h"

namespace rolora {
namespace {

using lanes::Double4;
using lanes::Float4;
using lanes::Int4;
constexpr int64_t kStep = 16;

ROLORA_INLINE_LOOP double total(const Double4* s) {
  const Double4 sum = (s[0] + s[1]) + (s[2] + s[3]);
  return (sum[0] + sum[1]) + (sum[2] + sum[3]);
}

ROLORA_INLINE_LOOP void sum_loop(const float* x, int64_t n, double* sum, int32_t* absmax) {
  Double4 s[4] = {};
  Int4 largest = {};
  int64_t i = 0;
  for (; i + kStep <= n; i += kStep) {
    for (int64_t l = 0; l < 4; ++l) {
      Float4 v;
      std::memcpy(&v, x + i + 4 * l, sizeof v);
      s[l] += __builtin_convertvector(v, Double4);
      Int4 bits;
      std::memcpy(&bits, x + i + 4 * l, sizeof bits);
      bits &= lanes::kMagnitude;
      largest = bits > largest ? bits : largest;
    }
  }
  double rest = 0;
  int32_t top = std::max(std::max(largest[0], largest[1]), std::max(largest[2], largest[3]));
  for (; i < n; ++i) {
    rest += static_cast<double>(x[i]);
    top = std::max(top, std::bit_cast<int32_t>(x[i]) & lanes::kMagnitude);
  }
  *sum = total(s) + rest;
  *absmax = top;
}

ROLORA_INLINE_LOOP void central_loop(const float* x, int64_t n, double mean, double* m2, double* m3, double* m4) {
  Double4 s2[4] = {}, s3[4] = {}, s4[4] = {};
  int64_t i = 0;
  for (; i + kStep <= n; i += kStep) {
    for (int64_t l = 0; l < 4; ++l) {
      Float4 v;
      std::memcpy(&v, x + i + 4 * l, sizeof v);
      const Double4 d = __builtin_convertvector(v, Double4) - mean;
      const Double4 square = d * d;
      s2[l] += square;
      s3[l] += square * d;
      s4[l] += square * square;
    }
  }
  double r2 = 0, r3 = 0, r4 = 0;
  for (; i < n; ++i) {
    const double d = static_cast<double>(x[i]) - mean, square = d * d;
    r2 += square;
    r3 += square * d;
    r4 += square * square;
  }
  *m2 = total(s2) + r2;
  *m3 = total(s3) + r3;
  *m4 = total(s4) + r4;
}

ROLORA_INLINE_LOOP void figures_loop(const float* x, int64_t n, RowFigures* out) {
  double sum = 0;
  sum_loop(x, n, &sum, &out->absmax_bits);
  out->moments.count = n;
  out->moments.mean = n == 0 ? 0 : sum / static_cast<double>(n);
  central_loop(x, n, out->moments.mean, &out->moments.m2, &out->moments.m3, &out->moments.m4);
}

#if ROLORA_HAS_AVX2_COPY
ROLORA_AVX2_COPY void figures_avx2(const float* x, int64_t n, RowFigures* out) { figures_loop(x, n, out); }
#endif
void figures_any(const float* x, int64_t n, RowFigures* out) { figures_loop(x, n, out); }

}  // namespace

RowFigures row_figures(const float* x, int64_t n) {
  RowFigures out;
#if ROLORA_HAS_AVX2_COPY
  if (lanes::avx2()) {
    figures_avx2(x, n, &out);
    return out;
  }
#endif
  figures_any(x, n, &out);
  return out;
}

}  // namespace rolora
