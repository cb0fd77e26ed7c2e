// SPDX-License-Identifier: GPL-3.0-or-later
// GPTQ (Frantar et al., arXiv 2210.17323): round column after column, each time spreading the error over the columns still to come so
// that the linear's output on the calibration inputs changes least. Column updates and factors are fp64, the rounding itself is fp32
// (method §4).
#pragma once

#include <ATen/core/Tensor.h>

#include <string>
#include <vector>

#include "core/quantization/spec.h"
#include "core/quantization/weights.h"

namespace rolora {

/// What the columns' order and the error spreading need of a Hessian; shared by all linears that read one site.
struct HessianFactor {
  at::Tensor upper;                // [C, C] fp64, upper triangular, UᵀU = inverse of the damped Hessian, rows and columns in `order`
  std::vector<int64_t> order;      ///< columns as they are worked on
  at::Tensor dead;                 // [C] bool, inputs that were zero on the whole calibration text
  double damping = 0;              ///< share of the mean diagonal that was added in the end
  std::vector<std::string> trail;  ///< failed attempts, in order ("damping 0.01: not positive definite at column 17")
};

/// H [C, C] fp64. Dead columns get diagonal 1, then damping·mean(diag) is added; a Cholesky factorisation that fails is tried again with
/// ten times the damping, four times at most. NumericError when it never succeeds or H is not finite.
HessianFactor factor_hessian(const at::Tensor& hessian, const GptqOptions& options);

/// w [out, C] of any floating type. Scales come from the original weight (after clip search when asked), whatever the order; dead columns
/// are then set to zero.
QuantizedWeight quantize_gptq(const at::Tensor& w, const HessianFactor& factor, const WeightQuant& how, int64_t block);

/// trace(D H Dᵀ) in fp64; D [out, C] of any type, H [C, C] fp64 and undamped.
double hessian_norm(const at::Tensor& d, const at::Tensor& hessian);

}  // namespace rolora
