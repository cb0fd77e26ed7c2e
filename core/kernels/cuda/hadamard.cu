// SPDX-License-Identifier: GPL-3.0-or-later
// The fast transform y = x (K ⊗ S_m) scale: the Sylvester part in shared memory, the dense factor as a tiled product. Every sum is in fp32
// (fp64 for fp64), stored once.
#include "core/kernels/cuda/values.cuh"

namespace rolora::cuda {
namespace {

constexpr int64_t kValuesPerBlock = 2048;  // short runs share a block

// E values of one block: E/m runs. Radix 4, then one radix-2 stage where log2 m is odd.
template <class In, class Out, class Acc>
__global__ void runs_kernel(const In* __restrict__ x, Out* __restrict__ y, int64_t total, int values, int m, Acc scale,
                            const Acc* __restrict__ factor) {
  extern __shared__ __align__(16) unsigned char memory[];
  Acc* s = reinterpret_cast<Acc*>(memory);
  const int64_t first = static_cast<int64_t>(blockIdx.x) * values;
  const int count = static_cast<int>(min(static_cast<int64_t>(values), total - first));
  const Acc by = factor ? scale * *factor : scale;
  for (int i = threadIdx.x; i < count; i += blockDim.x) s[i] = widened<Acc>(x[first + i]) * by;
  __syncthreads();
  int h = 1;
  for (; 2 * h < m; h *= 4) {
    for (int p = threadIdx.x; p < count / 4; p += blockDim.x) {
      const int i = ((p & ~(h - 1)) << 2) | (p & (h - 1));
      const Acc a = s[i], b = s[i + h], c = s[i + 2 * h], d = s[i + 3 * h];
      const Acc t0 = a + b, t1 = a - b, t2 = c + d, t3 = c - d;
      s[i] = t0 + t2;
      s[i + h] = t1 + t3;
      s[i + 2 * h] = t0 - t2;
      s[i + 3 * h] = t1 - t3;
    }
    __syncthreads();
  }
  if (h < m) {
    for (int p = threadIdx.x; p < count / 2; p += blockDim.x) {
      const int i = ((p & ~(h - 1)) << 1) | (p & (h - 1));
      const Acc a = s[i], b = s[i + h];
      s[i] = a + b;
      s[i + h] = a - b;
    }
    __syncthreads();
  }
  for (int i = threadIdx.x; i < count; i += blockDim.x) y[first + i] = Narrow<Out>::from(s[i]);
}

template <class In, class Out, class Acc>
cudaError_t launch_runs(const void* x, void* y, int64_t count, int64_t m, double scale, const void* factor, cudaStream_t stream) {
  const int64_t values = m > kValuesPerBlock ? m : kValuesPerBlock;  // m divides kValuesPerBlock otherwise
  const int threads = values >= 8192 ? 1024 : 256;
  const size_t memory = static_cast<size_t>(values) * sizeof(Acc);
  const auto kernel = runs_kernel<In, Out, Acc>;
  if (memory > 48 * 1024) {
    const cudaError_t error = cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, static_cast<int>(memory));
    if (error != cudaSuccess) return error;
  }
  const int64_t blocks = (count + values - 1) / values;
  kernel<<<static_cast<unsigned>(blocks), threads, memory, stream>>>(static_cast<const In*>(x), static_cast<Out*>(y), count,
                                                                     static_cast<int>(values), static_cast<int>(m), static_cast<Acc>(scale),
                                                                     static_cast<const Acc*>(factor));
  return cudaGetLastError();
}

template <class In>
cudaError_t launch_runs_to(const void* x, void* y, Type out, int64_t count, int64_t m, double scale, const void* factor,
                           cudaStream_t stream) {
  switch (out) {
    case Type::f32:
      return launch_runs<In, float, float>(x, y, count, m, scale, factor, stream);
    case Type::f16:
      return launch_runs<In, __half, float>(x, y, count, m, scale, factor, stream);
    case Type::bf16:
      return launch_runs<In, __nv_bfloat16, float>(x, y, count, m, scale, factor, stream);
    default:
      return cudaErrorInvalidValue;
  }
}

template <class Acc>
__global__ void butterfly_kernel(Acc* x, int64_t pairs, int64_t h) {
  const int64_t step = static_cast<int64_t>(gridDim.x) * blockDim.x;
  for (int64_t p = static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x; p < pairs; p += step) {
    const int64_t i = ((p & ~(h - 1)) << 1) | (p & (h - 1));
    const Acc a = x[i], b = x[i + h];
    x[i] = a + b;
    x[i + h] = a - b;
  }
}

constexpr int kTile = 64, kDepth = 16, kPerThread = 4, kSide = kTile / kPerThread;  // 16 x 16 threads, 4 x 4 sums each

// C [K, columns] = Fᵀ X with columns c = (r, s): X[k, c] lies at r·K·m + k·m + s. A block makes a 64 x 64 tile of C.
template <class Out, class Acc>
__global__ void dense_kernel(const Acc* __restrict__ x, const Acc* __restrict__ factor, Out* __restrict__ y, int64_t columns, int k, int m,
                             int log2_m, bool transpose) {
  __shared__ Acc f[kDepth][kTile + 1], b[kDepth][kTile + 1];
  const int tx = threadIdx.x % kSide, ty = threadIdx.x / kSide;
  const int64_t c0 = static_cast<int64_t>(blockIdx.x) * kTile;
  const int j0 = blockIdx.y * kTile;
  const int64_t row_values = static_cast<int64_t>(k) * m;
  Acc sum[kPerThread][kPerThread] = {};
  for (int k0 = 0; k0 < k; k0 += kDepth) {
    for (int i = threadIdx.x; i < kDepth * kTile; i += blockDim.x) {
      const int kk = i / kTile, t = i % kTile;
      const int row = k0 + kk, j = j0 + t;
      const int64_t c = c0 + t;
      const bool has_factor = row < k && j < k, has_value = row < k && c < columns;
      f[kk][t] = has_factor ? factor[transpose ? static_cast<int64_t>(j) * k + row : static_cast<int64_t>(row) * k + j] : Acc(0);
      b[kk][t] = has_value ? x[(c >> log2_m) * row_values + static_cast<int64_t>(row) * m + (c & (m - 1))] : Acc(0);
    }
    __syncthreads();
    for (int kk = 0; kk < kDepth; ++kk) {
      Acc left[kPerThread], right[kPerThread];
      for (int i = 0; i < kPerThread; ++i) {
        left[i] = f[kk][ty + i * kSide];
        right[i] = b[kk][tx + i * kSide];
      }
      for (int i = 0; i < kPerThread; ++i) {
        for (int l = 0; l < kPerThread; ++l) sum[i][l] += left[i] * right[l];
      }
    }
    __syncthreads();
  }
  for (int i = 0; i < kPerThread; ++i) {
    for (int l = 0; l < kPerThread; ++l) {
      const int j = j0 + ty + i * kSide;
      const int64_t c = c0 + tx + l * kSide;
      if (j < k && c < columns) {
        y[(c >> log2_m) * row_values + static_cast<int64_t>(j) * m + (c & (m - 1))] = Narrow<Out>::from(sum[i][l]);
      }
    }
  }
}

template <class Out, class Acc>
cudaError_t launch_dense(const void* x, const void* factor, void* y, int64_t rows, int64_t k, int64_t m, bool transpose,
                         cudaStream_t stream) {
  int log2_m = 0;
  while ((int64_t{1} << log2_m) < m) ++log2_m;
  const int64_t columns = rows * m;
  const dim3 grid(static_cast<unsigned>((columns + kTile - 1) / kTile), static_cast<unsigned>((k + kTile - 1) / kTile));
  dense_kernel<Out, Acc><<<grid, kSide * kSide, 0, stream>>>(static_cast<const Acc*>(x), static_cast<const Acc*>(factor),
                                                             static_cast<Out*>(y), columns, static_cast<int>(k), static_cast<int>(m),
                                                             log2_m, transpose);
  return cudaGetLastError();
}

}  // namespace

cudaError_t longest_run(bool wide, int64_t* run) {
  int device = 0, bytes = 0;
  cudaError_t error = cudaGetDevice(&device);
  if (error != cudaSuccess) return error;
  error = cudaDeviceGetAttribute(&bytes, cudaDevAttrMaxSharedMemoryPerBlockOptin, device);
  if (error != cudaSuccess) return error;
  *run = 1;
  while (*run * 2 * (wide ? 8 : 4) <= bytes) *run *= 2;
  return cudaSuccess;
}

cudaError_t hadamard_runs(const void* x, Type in, void* y, Type out, bool wide, int64_t count, int64_t m, double scale, const void* factor,
                          cudaStream_t stream) {
  if (wide) {
    if (in != Type::f64 || out != Type::f64) return cudaErrorInvalidValue;
    return launch_runs<double, double, double>(x, y, count, m, scale, factor, stream);
  }
  switch (in) {
    case Type::f32:
      return launch_runs_to<float>(x, y, out, count, m, scale, factor, stream);
    case Type::f16:
      return launch_runs_to<__half>(x, y, out, count, m, scale, factor, stream);
    case Type::bf16:
      return launch_runs_to<__nv_bfloat16>(x, y, out, count, m, scale, factor, stream);
    default:
      return cudaErrorInvalidValue;
  }
}

cudaError_t butterfly_stage(void* x, bool wide, int64_t count, int64_t h, cudaStream_t stream) {
  const int64_t pairs = count / 2, wanted = (pairs + 255) / 256;
  const unsigned blocks = static_cast<unsigned>(wanted < 65535 ? wanted : 65535);
  if (wide) {
    butterfly_kernel<double><<<blocks, 256, 0, stream>>>(static_cast<double*>(x), pairs, h);
  } else {
    butterfly_kernel<float><<<blocks, 256, 0, stream>>>(static_cast<float*>(x), pairs, h);
  }
  return cudaGetLastError();
}

cudaError_t dense_factor(const void* x, const void* factor, void* y, Type out, bool wide, int64_t rows, int64_t k, int64_t m,
                         bool transpose, cudaStream_t stream) {
  if (wide) return launch_dense<double, double>(x, factor, y, rows, k, m, transpose, stream);
  switch (out) {
    case Type::f32:
      return launch_dense<float, float>(x, factor, y, rows, k, m, transpose, stream);
    case Type::f16:
      return launch_dense<__half, float>(x, factor, y, rows, k, m, transpose, stream);
    case Type::bf16:
      return launch_dense<__nv_bfloat16, float>(x, factor, y, rows, k, m, transpose, stream);
    default:
      return cudaErrorInvalidValue;
  }
}

}  // namespace rolora::cuda
