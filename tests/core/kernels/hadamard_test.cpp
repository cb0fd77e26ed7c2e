// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/kernels/hadamard.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <vector>

#include "core/base/error.h"
#include "core/base/random.h"
#include "core/kernels/row_kernels.h"
#include "tests/core/kernels/compare.h"

namespace rolora {
namespace {

using testing::relative_error;

at::Tensor random_tensor(std::vector<int64_t> shape, const char* purpose) {
  at::Tensor t = at::empty(shape, at::kDouble);
  Random random(3, purpose);
  double* p = t.mutable_data_ptr<double>();
  for (int64_t i = 0; i < t.numel(); ++i) p[i] = random.normal();
  return t;
}

// factor ⊗ S_m by the definitions alone: S[a][b] = (−1)^popcount(a & b).
at::Tensor dense_matrix(const at::Tensor& factor, int64_t m, double scale) {
  const int64_t k = factor.size(0), n = k * m;
  at::Tensor matrix = at::empty({n, n}, at::kDouble);
  double* to = matrix.mutable_data_ptr<double>();
  const at::Tensor f = factor.to(at::kDouble).contiguous();
  for (int64_t i = 0; i < n; ++i) {
    for (int64_t j = 0; j < n; ++j) {
      const int sign = __builtin_popcountll(static_cast<uint64_t>((i % m) & (j % m))) % 2 == 0 ? 1 : -1;
      to[i * n + j] = f.const_data_ptr<double>()[(i / m) * k + j / m] * sign * scale;
    }
  }
  return matrix;
}

struct Shape {
  int64_t k, m;
};
const std::vector<Shape> kShapes = {{1, 1}, {1, 2}, {1, 4}, {1, 8},   {1, 16}, {1, 32},  {1, 64},  {1, 512}, {1, 2048}, {2, 1},
                                    {3, 2}, {5, 4}, {7, 8}, {12, 32}, {20, 1}, {28, 16}, {172, 1}, {172, 4}, {36, 64}};

at::Tensor factor_of(const Shape& s) {
  if (s.k == 1) return at::ones({1, 1}, at::kDouble);
  return random_tensor({s.k, s.k}, "factor") / std::sqrt(static_cast<double>(s.k));
}

TEST(KroneckerHadamard, EqualsTheDenseProduct) {
  for (const Shape& s : kShapes) {
    SCOPED_TRACE(std::to_string(s.k) + " x " + std::to_string(s.m));
    const at::Tensor factor = factor_of(s), x = random_tensor({5, s.k * s.m}, "x");
    const double scale = 1 / std::sqrt(static_cast<double>(s.m));
    const at::Tensor dense = dense_matrix(factor, s.m, scale);
    const at::Tensor expected = x.matmul(dense), transposed = x.matmul(dense.t());
    EXPECT_LE(relative_error(kernels::kronecker_hadamard(x, factor, s.m, scale), expected), 1e-13);
    EXPECT_LE(relative_error(kernels::kronecker_hadamard(x, factor, s.m, scale, true), transposed), 1e-13);
    EXPECT_LE(relative_error(kernels::kronecker_hadamard(x.to(at::kFloat), factor, s.m, scale), expected), 1e-6);
    const at::Tensor low = x.to(at::kBFloat16), half = x.to(at::kHalf);
    EXPECT_LE(relative_error(kernels::kronecker_hadamard(low, factor, s.m, scale), low.to(at::kDouble).matmul(dense)), 3e-3);
    EXPECT_LE(relative_error(kernels::kronecker_hadamard(half, factor, s.m, scale), half.to(at::kDouble).matmul(dense)), 4e-4);
  }
}

TEST(KroneckerHadamard, TakesAnyLayoutAndKeepsTypeAndShape) {
  const at::Tensor factor = factor_of({5, 4});
  const at::Tensor x = random_tensor({20, 3, 2}, "layout").permute({1, 2, 0});  // [3, 2, 20], not contiguous
  const at::Tensor y = kernels::kronecker_hadamard(x, factor, 4, 0.5);
  EXPECT_LE(relative_error(y, x.matmul(dense_matrix(factor, 4, 0.5))), 1e-13);
  const at::Tensor one = kernels::kronecker_hadamard(x.select(0, 1).select(0, 1).to(at::kBFloat16), factor, 4, 0.5);
  EXPECT_EQ(one.sizes(), (std::vector<int64_t>{20}));
  EXPECT_EQ(one.scalar_type(), at::kBFloat16);
  EXPECT_EQ(kernels::kronecker_hadamard(at::empty({0, 20}), factor, 4, 0.5).sizes(), (std::vector<int64_t>{0, 20}));
}

TEST(KroneckerHadamard, ManyRowsGoThroughInChunks) {
  const at::Tensor factor = factor_of({172, 4}), x = random_tensor({4000, 688}, "chunks");
  EXPECT_LE(relative_error(kernels::kronecker_hadamard(x, factor, 4, 0.5), x.matmul(dense_matrix(factor, 4, 0.5))), 1e-13);
}

TEST(KroneckerHadamard, HalfPrecisionDoesNotOverflowInside) {
  const at::Tensor x = at::full({1, 4096}, 1000.0, at::kHalf);  // the unscaled sum is 4 096 000, the result 64 000
  const at::Tensor y = kernels::kronecker_hadamard(x, at::ones({1, 1}), 4096, 1.0 / 64);
  EXPECT_EQ(y[0][0].item<float>(), 64000.0F);
  EXPECT_EQ(y.abs().sum(at::kFloat).item<float>(), 64000.0F);
}

TEST(KroneckerHadamard, GradientIsTheTransposedTransform) {
  const at::Tensor factor = factor_of({12, 8});
  for (bool transpose : {false, true}) {
    at::Tensor x = random_tensor({4, 96}, "gradient").requires_grad_(true);
    const at::Tensor g = random_tensor({4, 96}, "of the output");
    kernels::kronecker_hadamard(x, factor, 8, 0.3, transpose).backward(g);
    const at::Tensor dense = dense_matrix(factor, 8, 0.3);
    EXPECT_LE(relative_error(x.grad(), g.matmul(transpose ? dense : dense.t())), 1e-13);
  }
}

TEST(KroneckerHadamard, RefusesWrongShapes) {
  const at::Tensor x = at::zeros({2, 24});
  EXPECT_THROW(kernels::kronecker_hadamard(x, at::ones({1, 1}), 32, 1), Error);
  EXPECT_THROW(kernels::kronecker_hadamard(x, at::ones({8, 8}), 3, 1), Error);
  EXPECT_THROW(kernels::kronecker_hadamard(x, at::ones({3, 8}), 8, 1), Error);
  EXPECT_THROW(kernels::kronecker_hadamard(x.to(at::kLong), at::ones({3, 3}), 8, 1), Error);
}

std::vector<const kernels::RowKernels*> runnable_tables() {
  std::vector<const kernels::RowKernels*> tables = {kernels::row_kernels_baseline()};
#if defined(__x86_64__)
  if (kernels::row_kernels_avx2() != nullptr && __builtin_cpu_supports("avx2")) tables.push_back(kernels::row_kernels_avx2());
  if (kernels::row_kernels_avx512() != nullptr && __builtin_cpu_supports("avx512f")) tables.push_back(kernels::row_kernels_avx512());
#endif
  return tables;
}

TEST(RowKernels, EveryInstructionSetGivesTheSameBits) {
  const at::Tensor source = random_tensor({5 * 1024 + 8}, "bits");
  for (int64_t m : {1, 2, 4, 8, 16, 32, 128, 1024}) {
    const int64_t count = source.numel() / m * m;
    std::vector<double> first64;
    std::vector<float> first32;
    for (const kernels::RowKernels* table : runnable_tables()) {
      std::vector<double> x64(source.const_data_ptr<double>(), source.const_data_ptr<double>() + count);
      std::vector<float> x32(x64.begin(), x64.end());
      table->hadamard_f64(x64.data(), count, m);
      table->hadamard_f32(x32.data(), count, m);
      if (first64.empty()) {
        first64 = x64;
        first32 = x32;
      }
      EXPECT_EQ(std::memcmp(x64.data(), first64.data(), x64.size() * sizeof(double)), 0) << m;
      EXPECT_EQ(std::memcmp(x32.data(), first32.data(), x32.size() * sizeof(float)), 0) << m;
    }
  }
  for (int64_t n : {1, 3, 7, 15, 16, 31, 172, 384}) {
    for (const kernels::QuantizeRule& rule : {kernels::QuantizeRule{true, 1, 7, -8, 7}, kernels::QuantizeRule{true, 0.9, 127.5, -128, 127},
                                              kernels::QuantizeRule{false, 0.9, 15, 0, 15}}) {
      std::vector<float> first, x(static_cast<size_t>(n)), y(x.size());
      for (size_t i = 0; i < x.size(); ++i) x[i] = static_cast<float>(source.const_data_ptr<double>()[i]);
      for (const kernels::RowKernels* table : runnable_tables()) {
        table->quantize_f32(x.data(), y.data(), n, rule);
        if (first.empty()) first = y;
        EXPECT_EQ(std::memcmp(y.data(), first.data(), y.size() * sizeof(float)), 0) << n;
      }
    }
  }
}

}  // namespace
}  // namespace rolora
