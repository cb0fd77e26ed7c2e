// SPDX-License-Identifier: GPL-3.0-or-later
// Fast orthogonal transforms of the form y = x · (K ⊗ S_m) · scale, S_m Sylvester's Hadamard matrix of order m = 2^k, K any square matrix.
// Registered as a torch operator (rolora::kronecker_hadamard); CUDA implementations come from the plug-in.
#pragma once

#include <ATen/core/Tensor.h>

namespace rolora::kernels {

/// x [..., K·m] (index = k·m + s, as in the Kronecker product), factor [K, K] (K = 1 allowed, any floating type) → y = x (factor ⊗ S_m) ·
/// scale. Half types are summed and scaled in fp32 and stored once; fp64 in fp64. Differentiable in x.
at::Tensor kronecker_hadamard(const at::Tensor& x, const at::Tensor& factor, int64_t m, double scale, bool transpose_factor = false);

}  // namespace rolora::kernels
