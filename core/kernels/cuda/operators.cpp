// SPDX-License-Identifier: GPL-3.0-or-later
// The plug-in's CUDA implementations of the operators that core/kernels defines. Arguments were checked there.
#include <ATen/core/Tensor.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <c10/cuda/CUDAGuard.h>
#include <c10/cuda/CUDAStream.h>
#include <torch/library.h>

#include "core/kernels/cuda/launchers.h"

namespace rolora::cuda {
namespace {

void check(cudaError_t error, const char* what) {
  TORCH_CHECK(error == cudaSuccess, "cuda: ", what, ": expected a launch, found: ", cudaGetErrorString(error));
}

Type type_of(const at::Tensor& x) {
  switch (x.scalar_type()) {
    case at::kDouble:
      return Type::f64;
    case at::kFloat:
      return Type::f32;
    case at::kHalf:
      return Type::f16;
    case at::kBFloat16:
      return Type::bf16;
    default:
      TORCH_CHECK(false, "cuda: expected a floating-point tensor, found ", x.scalar_type());
  }
}

// Runs longer than a block's shared memory: the short distances there, the long ones stage by stage in device memory, in fp32 or fp64.
at::Tensor long_runs(const at::Tensor& x, bool wide, int64_t m, int64_t longest, double scale, const void* factor, cudaStream_t stream) {
  at::Tensor sums = at::empty(x.sizes(), x.options().dtype(wide ? at::kDouble : at::kFloat));
  check(hadamard_runs(x.const_data_ptr(), type_of(x), sums.mutable_data_ptr(), type_of(sums), wide, x.numel(), longest, scale, factor,
                      stream),
        "Hadamard");
  for (int64_t h = longest; h < m; h *= 2) check(butterfly_stage(sums.mutable_data_ptr(), wide, x.numel(), h, stream), "Hadamard");
  return sums;
}

at::Tensor kronecker_hadamard(const at::Tensor& input, const at::Tensor& factor, int64_t m, double scale, bool transpose_factor) {
  const c10::cuda::CUDAGuard guard(input.device());
  const cudaStream_t stream = c10::cuda::getCurrentCUDAStream().stream();
  const at::Tensor x = input.contiguous();
  if (x.numel() == 0) return at::empty_like(x);
  const bool wide = x.scalar_type() == at::kDouble;
  const at::Tensor dense = factor.to(x.device(), wide ? at::kDouble : at::kFloat).contiguous();
  const int64_t k = dense.size(0);
  int64_t longest = 0;
  check(longest_run(wide, &longest), "shared memory");
  const bool single = k == 1;
  const void* value = single ? dense.const_data_ptr() : nullptr;  // K = 1 goes into the scale
  at::Tensor y = at::empty_like(x);
  if (m > longest) {
    const at::Tensor sums = long_runs(x, wide, m, longest, scale, value, stream);
    if (single) return sums.to(x.scalar_type());
    check(dense_factor(sums.const_data_ptr(), dense.const_data_ptr(), y.mutable_data_ptr(), type_of(y), wide, x.numel() / (k * m), k, m,
                       transpose_factor, stream),
          "dense factor");
    return y;
  }
  at::Tensor sums = single ? y : at::empty(x.sizes(), x.options().dtype(wide ? at::kDouble : at::kFloat));
  check(hadamard_runs(x.const_data_ptr(), type_of(x), sums.mutable_data_ptr(), type_of(sums), wide, x.numel(), m, scale, value, stream),
        "Hadamard");
  if (single) return y;
  check(dense_factor(sums.const_data_ptr(), dense.const_data_ptr(), y.mutable_data_ptr(), type_of(y), wide, x.numel() / (k * m), k, m,
                     transpose_factor, stream),
        "dense factor");
  return y;
}

at::Tensor fake_quantize(const at::Tensor& input, int64_t bits, int64_t group, bool symmetric, double clip, int64_t convention) {
  const c10::cuda::CUDAGuard guard(input.device());
  const at::Tensor x = input.contiguous();
  at::Tensor y = at::empty_like(x);
  if (x.numel() == 0) return y;
  const int64_t run = group == 0 ? x.size(-1) : group;
  const double half = static_cast<double>(int64_t{1} << (bits - 1)), whole = 2 * half - 1;
  const QuantizeNumbers rule = symmetric ? QuantizeNumbers{true, clip, convention == 0 ? half - 1 : whole / 2, -half, half - 1}
                                         : QuantizeNumbers{false, clip, whole, 0, whole};
  check(quantize_groups(x.const_data_ptr(), y.mutable_data_ptr(), type_of(x), x.numel() / run, run, rule,
                        c10::cuda::getCurrentCUDAStream().stream()),
        "fake quantization");
  return y;
}

}  // namespace
}  // namespace rolora::cuda

TORCH_LIBRARY_IMPL(rolora, CUDA, m) {
  m.impl("kronecker_hadamard", rolora::cuda::kronecker_hadamard);
  m.impl("fake_quantize", rolora::cuda::fake_quantize);
}
