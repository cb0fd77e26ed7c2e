// SPDX-License-Identifier: GPL-3.0-or-later
// Reading and writing the four floating-point types as fp32 or fp64.
#pragma once

#include <cuda_bf16.h>
#include <cuda_fp16.h>

#include "core/kernels/cuda/launchers.h"

namespace rolora::cuda {

template <class Acc>
__device__ inline Acc widened(double v) {
  return static_cast<Acc>(v);
}
template <class Acc>
__device__ inline Acc widened(float v) {
  return static_cast<Acc>(v);
}
template <class Acc>
__device__ inline Acc widened(__half v) {
  return static_cast<Acc>(__half2float(v));
}
template <class Acc>
__device__ inline Acc widened(__nv_bfloat16 v) {
  return static_cast<Acc>(__bfloat162float(v));
}

template <class Out>
struct Narrow;
template <>
struct Narrow<double> {
  template <class Acc>
  static __device__ double from(Acc v) {
    return static_cast<double>(v);
  }
};
template <>
struct Narrow<float> {
  template <class Acc>
  static __device__ float from(Acc v) {
    return static_cast<float>(v);
  }
};
template <>
struct Narrow<__half> {
  static __device__ __half from(float v) { return __float2half_rn(v); }
};
template <>
struct Narrow<__nv_bfloat16> {
  static __device__ __nv_bfloat16 from(float v) { return __float2bfloat16_rn(v); }
};

}  // namespace rolora::cuda
