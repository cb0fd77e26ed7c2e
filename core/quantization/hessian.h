// SPDX-License-Identifier: GPL-3.0-or-later
// H = 2/n Σ x xᵀ over the calibration inputs of one site, n = number of windows (method §4).
#pragma once

#include <ATen/core/Tensor.h>
#include <c10/core/Device.h>

#include <cstdint>

namespace rolora {

class HessianSum {
 public:
  HessianSum(int64_t width, const at::Device& device);
  /// x [.., C]. Narrow sites are summed in fp64; wide ones in fp32 over chunks of at most 4096 tokens, the chunks in fp64 (products of
  /// half types are exact in fp32).
  void add(const at::Tensor& x);
  /// [C, C] fp64; ends the sum.
  at::Tensor finish(int64_t windows);

 private:
  at::Tensor sum_;  // [C, C] fp64
};

}  // namespace rolora
