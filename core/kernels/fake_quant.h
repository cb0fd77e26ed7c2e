// SPDX-License-Identifier: GPL-3.0-or-later
// Fake quantization of activations in one pass per row (rolora::fake_quantize): scale from the row (or group), divide, round half to even,
// clamp, multiply back. Method: quantization; rounding is part of the definition (fp32 scale, true division, ties to even).
#pragma once

#include <ATen/core/Tensor.h>

namespace rolora::kernels {

/// x [..., C] quantized per run of `group` channels (0: the whole row). `convention`: 0 = max/(2^(b−1)−1) (QuaRot), 1 = max/((2^b−1)/2)
/// (compressed-tensors); symmetric only. Half types: arithmetic in fp32, stored once. fp64 in fp64.
at::Tensor fake_quantize(const at::Tensor& x, int64_t bits, int64_t group, bool symmetric, double clip, int64_t convention);

}  // namespace rolora::kernels
