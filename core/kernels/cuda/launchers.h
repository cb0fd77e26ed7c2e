// SPDX-License-Identifier: GPL-3.0-or-later
// Plain launchers of the CUDA kernels: pointers, sizes and a stream, no torch headers. Each returns the launch's error; the caller has
// chosen the device and throws.
#pragma once

#include <cuda_runtime_api.h>

#include <cstdint>

namespace rolora::cuda {

enum class Type { f64, f32, f16, bf16 };

/// Longest run that one thread block transforms in shared memory, for sums in fp64 or fp32 on the current device.
cudaError_t longest_run(bool wide, int64_t* run);

/// Runs of m consecutive values of x ← run · S_m · scale (· *factor, a single value in device memory, where not null). x of type `in`, y of
/// type `out`; sums in fp64 when `wide`, else in fp32. m is a power of two up to longest_run and divides count.
cudaError_t hadamard_runs(const void* x, Type in, void* y, Type out, bool wide, int64_t count, int64_t m, double scale, const void* factor,
                          cudaStream_t stream);

/// One butterfly stage of distance h over runs of 2h values, in place, fp64 or fp32.
cudaError_t butterfly_stage(void* x, bool wide, int64_t count, int64_t h, cudaStream_t stream);

/// y[r, j, s] = Σ_k factor[k, j] x[r, k, s] (factor[j, k] when `transpose`); x [rows, K, m] and factor [K, K] fp64 or fp32, y of type
/// `out`.
cudaError_t dense_factor(const void* x, const void* factor, void* y, Type out, bool wide, int64_t rows, int64_t k, int64_t m,
                         bool transpose, cudaStream_t stream);

/// As QuantizeRule of core/kernels/row_kernels.h.
struct QuantizeNumbers {
  bool symmetric;
  double clip, divisor, lowest, highest;
};
/// Fake quantization of `groups` runs of `group` values with one scale each; arithmetic in fp64 for fp64, else in fp32.
cudaError_t quantize_groups(const void* x, void* y, Type type, int64_t groups, int64_t group, const QuantizeNumbers& rule,
                            cudaStream_t stream);

}  // namespace rolora::cuda
