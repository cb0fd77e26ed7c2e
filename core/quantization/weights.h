// SPDX-License-Identifier: GPL-3.0-or-later
// Integer weights with their scales: round to nearest, clip search, and back to floating point. Method §4; rounding is part of the
// definition.
#pragma once

#include <ATen/core/Tensor.h>

#include "core/quantization/spec.h"

namespace rolora {

struct QuantizedWeight {
  at::Tensor integers;  // [out, in] int8; asymmetric: uint8
  at::Tensor scales;    // [out, groups] fp32
  at::Tensor zeros;     // [out, groups] uint8, asymmetric only
  int bits = 16;
  int64_t group = 0;  ///< inputs per scale, 0 = the whole row (also where the asked group does not divide the width)
  bool symmetric = true;
};

struct ScalesAndZeros {
  at::Tensor scales;  // [out, groups] fp32
  at::Tensor zeros;   // [out, groups] fp32 integers; undefined when symmetric
};

/// The group actually used for a width: `group` where it divides it, else 0 (per channel).
int64_t effective_group(int64_t width, int64_t group);
/// Scales of each row (or group), after clip search when asked. w [out, in], taken in fp32 on the CPU.
/// Clip search (QuaRot, arXiv 2404.00456): factors 1 − i/100, i = 0…79, of the range (asymmetric: of both ends); the smallest Σ|ŵ − w|^2.4
/// wins, the first of equals. The sums are formed in fp64 and compared in fp32, so factors that fp32 cannot tell apart count as equal.
ScalesAndZeros find_scales(const at::Tensor& w, const WeightQuant& how);
/// Round to nearest. w [out, in] of any floating type.
QuantizedWeight quantize_rtn(const at::Tensor& w, const WeightQuant& how);
/// The same on scales that are known already.
QuantizedWeight round_to_grid(const at::Tensor& w, const ScalesAndZeros& scales, const WeightQuant& how);
/// fp32 [out, in]: s·q or s·(q − z), one fp32 product.
at::Tensor dequantize(const QuantizedWeight& q);
/// An empty quantized weight of that shape with the given scales; the integers are still to be written.
QuantizedWeight make_quantized(int64_t rows, int64_t width, const ScalesAndZeros& scales, const WeightQuant& how);

}  // namespace rolora
