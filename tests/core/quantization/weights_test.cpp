// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/quantization/weights.h"

#include <gtest/gtest.h>

#include "core/base/random.h"
#include "core/quantization/clip_search.h"
#include "tests/core/quantization/naive_quantizers.h"
#include "tests/support/near.h"

namespace rolora {
namespace {

using test::NaiveGrid;
using test::NaiveRule;

// Gaussian rows with a few outliers; half of the rows hold bf16 numbers, so that exact ties occur.
at::Tensor random_weights(int64_t rows, int64_t width, uint64_t seed) {
  Random random(seed, "weights");
  at::Tensor w = at::empty({rows, width}, at::kFloat);
  float* data = w.mutable_data_ptr<float>();
  for (int64_t i = 0; i < w.numel(); ++i) {
    data[i] = static_cast<float>(random.normal() * (random.below(50) == 0 ? 0.2 : 0.02));
  }
  w.narrow(0, 0, rows / 2).copy_(w.narrow(0, 0, rows / 2).to(at::kBFloat16));
  return w;
}

std::vector<float> run_of(const at::Tensor& w, int64_t row, int64_t first, int64_t count) {
  const float* data = w.const_data_ptr<float>() + row * w.size(1) + first;
  return {data, data + count};
}

// Every integer, scale and zero of `q` against the formulas.
void expect_as_defined(const at::Tensor& w, const QuantizedWeight& q, const NaiveRule& rule, int64_t length) {
  ASSERT_EQ(q.scales.size(1), w.size(1) / length);
  const at::Tensor integers = q.integers.to(at::kFloat), value = dequantize(q);
  for (int64_t r = 0; r < w.size(0); ++r) {
    for (int64_t first = 0; first < w.size(1); first += length) {
      const std::vector<float> run = run_of(w, r, first, length);
      const NaiveGrid grid = test::naive_search(run, rule);
      ASSERT_EQ(q.scales[r][first / length].item<float>(), grid.s) << "row " << r;
      ASSERT_EQ(rule.symmetric ? 0.0f : q.zeros[r][first / length].item<float>(), grid.z) << "row " << r;
      for (int64_t i = 0; i < length; ++i) {
        const float expected = test::naive_integer(run[static_cast<size_t>(i)], grid, rule);
        ASSERT_EQ(integers[r][first + i].item<float>(), expected) << "row " << r << " column " << first + i;
        ASSERT_EQ(value[r][first + i].item<float>(), grid.s * (expected - grid.z));
      }
    }
  }
}

struct Case {
  int bits;
  int64_t group;
  bool symmetric, clip, compressed;
};

class Weights : public ::testing::TestWithParam<Case> {};

TEST_P(Weights, AreRoundedAsTheFormulasSay) {
  const Case c = GetParam();
  const int64_t width = 96;
  const at::Tensor w = random_weights(12, width, 7);
  WeightQuant how{c.bits, c.group, c.symmetric, c.clip, c.compressed ? ScaleConvention::compressed_tensors : ScaleConvention::quarot};
  const QuantizedWeight q = quantize_rtn(w, how);
  EXPECT_EQ(q.bits, c.bits);
  const int64_t group = width % std::max<int64_t>(c.group, 1) == 0 && c.group < width ? c.group : 0;
  EXPECT_EQ(q.group, group);
  expect_as_defined(w, q, {c.bits, c.symmetric, c.compressed, c.clip}, group == 0 ? width : group);
}

INSTANTIATE_TEST_SUITE_P(Settings, Weights,
                         ::testing::Values(Case{2, 0, true, false, false}, Case{3, 0, true, false, false}, Case{4, 0, true, false, false},
                                           Case{5, 0, true, false, false}, Case{6, 0, true, false, false}, Case{7, 0, true, false, false},
                                           Case{8, 0, true, false, false}, Case{4, 0, true, false, true}, Case{8, 0, true, false, true},
                                           Case{2, 0, false, false, false}, Case{4, 0, false, false, false},
                                           Case{8, 0, false, false, false}, Case{4, 32, true, false, false},
                                           Case{3, 16, false, false, false}, Case{4, 7, true, false, false},
                                           Case{4, 96, true, false, false}, Case{4, 0, true, true, false}, Case{3, 0, true, true, true},
                                           Case{4, 0, false, true, false}, Case{4, 32, true, true, false}, Case{2, 8, false, true, false},
                                           Case{8, 0, true, true, false}));

TEST(Weights, TiesGoToTheEvenInteger) {
  // max 7 gives the scale 1 at 4 bits: the halves are exact ties.
  const at::Tensor w = at::tensor({7.0f, 0.5f, 1.5f, 2.5f, -0.5f, -1.5f, -6.5f}).view({1, 7});
  const QuantizedWeight q = quantize_rtn(w, {4, 0, true, false, ScaleConvention::quarot});
  EXPECT_TRUE(at::equal(q.integers.to(at::kLong), at::tensor({7, 0, 2, 2, 0, -2, -6}, at::kLong).view({1, 7})));
}

TEST(Weights, ZeroRowsStayZero) {
  for (const bool symmetric : {true, false}) {
    for (const bool clip : {true, false}) {
      const QuantizedWeight q = quantize_rtn(at::zeros({2, 5}), {4, 0, symmetric, clip, ScaleConvention::quarot});
      EXPECT_TRUE(at::equal(dequantize(q), at::zeros({2, 5})));
      EXPECT_GT(q.scales.min().item<float>(), 0);
    }
  }
}

TEST(Weights, OtherTypesAreTakenThroughFp32) {
  const at::Tensor w = random_weights(6, 40, 3);
  const WeightQuant how{4, 0, true, false, ScaleConvention::quarot};
  EXPECT_TRUE(at::equal(quantize_rtn(w.to(at::kDouble), how).integers, quantize_rtn(w, how).integers));
  const at::Tensor half = w.to(at::kBFloat16);
  EXPECT_TRUE(at::equal(quantize_rtn(half, how).integers, quantize_rtn(half.to(at::kFloat), how).integers));
}

TEST(ClipSearch, PowerSumIsAccurate) {
  const at::Tensor w = random_weights(1, 4096, 11);
  const float* data = w.const_data_ptr<float>();
  const IntegerGrid grid = integer_grid(4, true, ScaleConvention::quarot);
  for (const float scale : {1e-6f, 1e-3f, 0.02f, 3.0f}) {
    double expected = 0;
    for (int64_t i = 0; i < w.numel(); ++i) {
      const float q = std::fmin(std::fmax(std::rint(data[i] / scale), -8.0f), 7.0f);
      expected += std::pow(std::fabs(static_cast<double>(q * scale - data[i])), 2.4);
    }
    EXPECT_TRUE(test::near_relative(clip_error(data, w.numel(), {scale, 0}, grid), expected, 1e-12)) << scale;
  }
}

}  // namespace
}  // namespace rolora
