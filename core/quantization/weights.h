// SPDX-License-Identifier: GPL-3.0-or-later
// Integer weights with their scales: round to nearest, clip search, and back to floating point. Method §4; rounding is part of the definition.
#pragma once

#include <ATen/core/Tensor.h>

#include "core/quantization/spec.h"

namespace rolora {

struct QuantizedWeight {
  at::Tensor integers;  // [out, in] int8 (asymmetric 8 bit: uint8)
  at::Tensor scales;    // [out, groups] fp32
  at::Tensor zeros;     // [out, groups] int16, asymmetric only
  int bits = 16;
  int64_t group = 0;    ///< inputs per scale, 0 = the whole row (also where the asked group does not divide the width)
  bool symmetric = true;
};

struct ScalesAndZeros {
  at::Tensor scales;  // [out, groups] fp32
  at::Tensor zeros;   // [out, groups] fp32 integers; undefined when symmetric
};

/// The group actually used for a width: `group` where it divides it, else 0 (per channel).
int64_t effective_group(int64_t width, int64_t group);
/// Scales of each row (or group), after clip search when asked. w [out, in] fp32.
ScalesAndZeros find_scales(const at::Tensor& w, const WeightQuant& how);
QuantizedWeight quantize_rtn(const at::Tensor& w, const WeightQuant& how);
/// fp32 [out, in]: s·q or s·(q − z).
at::Tensor dequantize(const QuantizedWeight& q);

}  // namespace rolora
