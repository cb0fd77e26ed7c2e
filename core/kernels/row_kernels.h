// SPDX-License-Identifier: GPL-3.0-or-later
// Loops over contiguous values that every CPU operator of this room is built from, compiled once per instruction set and chosen at run
// time. No fused multiply-add and one fixed order of additions: every instruction set gives the same bits.
#pragma once

#include <cstdint>

namespace rolora::kernels {

/// How one run of values is fake-quantized; all numbers are exact in fp32.
struct QuantizeRule {
  bool symmetric = true;
  double clip = 1;     ///< multiplies the extreme values before the scale is made
  double divisor = 7;  ///< symmetric: scale = clip·max|x| / divisor; asymmetric: (hi − lo) / divisor, divisor = 2^b − 1
  double lowest = -8;  ///< symmetric: smallest and largest integer
  double highest = 7;
};

struct RowKernels {
  /// In place: every run of m consecutive values becomes run · S_m (Sylvester's ±1 matrix); m is a power of two that divides count.
  void (*hadamard_f32)(float* x, int64_t count, int64_t m);
  void (*hadamard_f64)(double* x, int64_t count, int64_t m);
  /// One scale for the n values; y may be x.
  void (*quantize_f32)(const float* x, float* y, int64_t n, const QuantizeRule& rule);
  void (*quantize_f64)(const double* x, double* y, int64_t n, const QuantizeRule& rule);
};

/// The kernels of the widest instruction set this CPU runs.
const RowKernels& row_kernels();

// One table per instruction set; null where the compiler does not target it.
const RowKernels* row_kernels_baseline();
const RowKernels* row_kernels_avx2();
const RowKernels* row_kernels_avx512();

}  // namespace rolora::kernels
