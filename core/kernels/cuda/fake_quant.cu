// SPDX-License-Identifier: GPL-3.0-or-later
// Fused fake quantization: one thread block reads a row (or group) twice and writes it once. True division, ties to even, no fused
// multiply-add (the target is compiled with -fmad=false): the same bits as the CPU.
#include "core/kernels/cuda/values.cuh"

namespace rolora::cuda {
namespace {

constexpr int kWarp = 32, kMostWarps = 16;

// Smallest and largest value with 0 among them, over the block; every thread gets the result.
template <class Acc>
__device__ void block_range(Acc& low, Acc& high) {
  __shared__ Acc lows[kMostWarps], highs[kMostWarps];
  for (int offset = kWarp / 2; offset > 0; offset /= 2) {
    const Acc l = __shfl_down_sync(0xffffffffu, low, offset), h = __shfl_down_sync(0xffffffffu, high, offset);
    low = l < low ? l : low;
    high = h > high ? h : high;
  }
  if (threadIdx.x % kWarp == 0) {
    lows[threadIdx.x / kWarp] = low;
    highs[threadIdx.x / kWarp] = high;
  }
  __syncthreads();
  low = lows[0];
  high = highs[0];
  for (int w = 1; w < static_cast<int>(blockDim.x) / kWarp; ++w) {
    low = lows[w] < low ? lows[w] : low;
    high = highs[w] > high ? highs[w] : high;
  }
}

__device__ inline float rounded(float v) { return rintf(v); }
__device__ inline double rounded(double v) { return rint(v); }

template <class T, class Acc>
__global__ void quantize_kernel(const T* __restrict__ x, T* __restrict__ y, int64_t group, QuantizeNumbers rule) {
  const int64_t first = static_cast<int64_t>(blockIdx.x) * group;
  Acc low = 0, high = 0;
  for (int64_t i = threadIdx.x; i < group; i += blockDim.x) {
    const Acc v = widened<Acc>(x[first + i]);
    low = v < low ? v : low;
    high = v > high ? v : high;
  }
  block_range(low, high);
  const Acc clip = static_cast<Acc>(rule.clip), divisor = static_cast<Acc>(rule.divisor);
  Acc scale, least, most;
  if (rule.symmetric) {
    scale = clip * (-low > high ? -low : high) / divisor;
    if (scale == 0) scale = 1;
    least = static_cast<Acc>(rule.lowest);
    most = static_cast<Acc>(rule.highest);
  } else {
    low = clip * low;
    high = clip * high;
    scale = (high - low) / divisor;
    if (scale == 0) {
      low = -1;
      scale = Acc(2) / divisor;
    }
    const Acc zero = rounded(-low / scale);
    least = -zero;
    most = divisor - zero;
  }
  for (int64_t i = threadIdx.x; i < group; i += blockDim.x) {
    Acc v = widened<Acc>(x[first + i]) / scale;
    v = v < least ? least : v;
    v = v > most ? most : v;
    y[first + i] = Narrow<T>::from(scale * rounded(v));
  }
}

template <class T, class Acc>
cudaError_t launch(const void* x, void* y, int64_t groups, int64_t group, const QuantizeNumbers& rule, cudaStream_t stream) {
  int threads = kWarp;
  while (threads < kWarp * kMostWarps && threads * 4 < group) threads *= 2;
  quantize_kernel<T, Acc><<<static_cast<unsigned>(groups), threads, 0, stream>>>(static_cast<const T*>(x), static_cast<T*>(y), group, rule);
  return cudaGetLastError();
}

}  // namespace

cudaError_t quantize_groups(const void* x, void* y, Type type, int64_t groups, int64_t group, const QuantizeNumbers& rule,
                            cudaStream_t stream) {
  if (groups > 0x7fffffff) return cudaErrorInvalidConfiguration;
  switch (type) {
    case Type::f64:
      return launch<double, double>(x, y, groups, group, rule, stream);
    case Type::f32:
      return launch<float, float>(x, y, groups, group, rule, stream);
    case Type::f16:
      return launch<__half, float>(x, y, groups, group, rule, stream);
    default:
      return launch<__nv_bfloat16, float>(x, y, groups, group, rule, stream);
  }
}

}  // namespace rolora::cuda
