// SPDX-License-Identifier: GPL-3.0-or-later
// Every operator of the CUDA plug-in against its CPU reference. To add a case, add a line to a table. Skipped where there is no GPU.
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <optional>
#include <vector>

#include "core/base/error.h"
#include "core/base/random.h"
#include "core/kernels/device.h"
#include "core/kernels/fake_quant.h"
#include "core/kernels/hadamard.h"
#include "tests/core/kernels/compare.h"

namespace rolora {
namespace {

using testing::relative_error;

std::optional<at::Device> gpu(std::string& missing) {
  try {
    return kernels::open_device("cuda", std::filesystem::read_symlink("/proc/self/exe").parent_path());
  } catch (const DeviceError& e) {
    missing = e.what();
    return std::nullopt;
  }
}

at::Tensor random_rows(int64_t rows, int64_t width, at::ScalarType type) {
  at::Tensor x = at::empty({rows, width}, at::kDouble);
  Random random(5, "cuda");
  double* p = x.mutable_data_ptr<double>();
  for (int64_t i = 0; i < x.numel(); ++i) p[i] = random.normal() * (i % 997 == 0 ? 30 : 1);
  return x.to(type);
}

double bound_of(at::ScalarType type) {
  switch (type) {
    case at::kDouble:
      return 1e-13;
    case at::kFloat:
      return 1e-6;
    case at::kHalf:
      return 5e-4;
    default:
      return 4e-3;
  }
}

struct HadamardCase {
  int64_t rows, k, m;
};
const HadamardCase kHadamardCases[] = {{3, 1, 1},    {7, 1, 2},     {5, 1, 64},   {2, 1, 128},   {33, 1, 4096},  {3, 1, 16384},
                                       {9, 2, 1},    {5, 12, 32},   {17, 172, 1}, {40, 172, 4},  {64, 172, 64},  {6, 28, 512},
                                       {5, 344, 32}, {3, 107, 128}, {2, 924, 32}, {4, 108, 128}, {300, 20, 256}, {1, 1, 32768}};

TEST(Cuda, HadamardEqualsTheCpu) {
  std::string missing;
  const std::optional<at::Device> device = gpu(missing);
  if (!device) GTEST_SKIP() << missing;
  for (const HadamardCase& c : kHadamardCases) {
    const at::Tensor factor =
        c.k == 1 ? at::ones({1, 1}, at::kDouble) : random_rows(c.k, c.k, at::kDouble) / std::sqrt(static_cast<double>(c.k));
    for (at::ScalarType type : {at::kDouble, at::kFloat, at::kHalf, at::kBFloat16}) {
      for (bool transpose : {false, true}) {
        SCOPED_TRACE(std::to_string(c.k) + " x " + std::to_string(c.m) + " " + at::toString(type) + (transpose ? " transposed" : ""));
        const at::Tensor x = random_rows(c.rows, c.k * c.m, type);
        const double scale = 1 / std::sqrt(static_cast<double>(c.m));
        const at::Tensor expected = kernels::kronecker_hadamard(x, factor, c.m, scale, transpose);
        const at::Tensor found = kernels::kronecker_hadamard(x.to(*device), factor.to(*device), c.m, scale, transpose);
        EXPECT_EQ(found.scalar_type(), type);
        EXPECT_LE(relative_error(found, expected), bound_of(type));
      }
    }
  }
}

TEST(Cuda, HadamardGradientEqualsTheCpu) {
  std::string missing;
  const std::optional<at::Device> device = gpu(missing);
  if (!device) GTEST_SKIP() << missing;
  const at::Tensor factor = random_rows(12, 12, at::kDouble), g = random_rows(6, 384, at::kDouble);
  at::Tensor x = random_rows(6, 384, at::kDouble).requires_grad_(true);
  at::Tensor there = x.detach().to(*device).requires_grad_(true);
  kernels::kronecker_hadamard(x, factor, 32, 0.25).backward(g);
  kernels::kronecker_hadamard(there, factor.to(*device), 32, 0.25).backward(g.to(*device));
  EXPECT_LE(relative_error(there.grad(), x.grad()), 1e-13);
}

struct QuantizeCase {
  int64_t rows, width, bits, group;
  bool symmetric;
  double clip;
  int64_t convention;
};
const QuantizeCase kQuantizeCases[] = {{5, 128, 4, 0, true, 1, 0},    {33, 11008, 4, 0, true, 1, 0}, {7, 172, 8, 0, true, 0.9, 0},
                                       {9, 384, 4, 32, true, 1, 1},   {9, 384, 6, 128, false, 1, 0}, {3, 4096, 2, 0, false, 0.9, 0},
                                       {2, 29568, 3, 0, false, 1, 0}, {1, 1, 4, 0, true, 1, 0},      {1000, 64, 4, 0, true, 1, 0}};

TEST(Cuda, FakeQuantizeEqualsTheCpuBitForBit) {
  std::string missing;
  const std::optional<at::Device> device = gpu(missing);
  if (!device) GTEST_SKIP() << missing;
  for (const QuantizeCase& c : kQuantizeCases) {
    for (at::ScalarType type : {at::kDouble, at::kFloat, at::kHalf, at::kBFloat16}) {
      SCOPED_TRACE(std::to_string(c.width) + " wide, " + std::to_string(c.bits) + " bits, group " + std::to_string(c.group) + " " +
                   at::toString(type));
      at::Tensor x = random_rows(c.rows, c.width, type);
      x[0].zero_();
      const at::Tensor expected = kernels::fake_quantize(x, c.bits, c.group, c.symmetric, c.clip, c.convention);
      EXPECT_TRUE(
          testing::same_values(kernels::fake_quantize(x.to(*device), c.bits, c.group, c.symmetric, c.clip, c.convention), expected));
    }
  }
}

}  // namespace
}  // namespace rolora
