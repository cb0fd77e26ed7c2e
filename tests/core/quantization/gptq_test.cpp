// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/quantization/gptq.h"

#include <gtest/gtest.h>

#include <numeric>

#include "core/base/error.h"
#include "core/base/random.h"
#include "core/quantization/hessian.h"
#include "tests/core/quantization/naive_quantizers.h"
#include "tests/support/near.h"

namespace rolora {
namespace {

using test::Matrix;
using test::NaiveGrid;
using test::NaiveRule;

at::Tensor gaussian(int64_t rows, int64_t columns, uint64_t seed) {
  Random random(seed, "gptq test");
  at::Tensor x = at::empty({rows, columns}, at::kDouble);
  for (int64_t i = 0; i < x.numel(); ++i) x.mutable_data_ptr<double>()[i] = random.normal();
  return x;
}

// Correlated inputs of unequal size, one of them never used.
at::Tensor inputs(int64_t tokens, int64_t width, int64_t dead) {
  at::Tensor x = at::mm(gaussian(tokens, width, 1), gaussian(width, width, 2) * 0.3 + at::eye(width, at::kDouble));
  x *= at::arange(1, width + 1, at::kDouble).fmod(5) + 0.5;
  if (dead >= 0) x.select(1, dead).zero_();
  return x;
}

Matrix rows_of(const at::Tensor& t) {
  const at::Tensor m = t.to(at::kDouble).contiguous();
  Matrix rows;
  for (int64_t r = 0; r < m.size(0); ++r) {
    const double* row = m.const_data_ptr<double>() + r * m.size(1);
    rows.emplace_back(row, row + m.size(1));
  }
  return rows;
}

struct Case {
  int bits;
  int64_t group;
  bool symmetric, clip, act_order;
  int64_t block;
  int64_t dead;
};

class Gptq : public ::testing::TestWithParam<Case> {
 protected:
  static constexpr int64_t kRows = 37, kWidth = 24;
};

// The grids of a row's columns, from the original weights.
std::vector<NaiveGrid> grids_of(const at::Tensor& w, int64_t row, const NaiveRule& rule, int64_t length) {
  std::vector<NaiveGrid> grids;
  const float* data = w.const_data_ptr<float>() + row * w.size(1);
  for (int64_t first = 0; first < w.size(1); first += length) {
    const NaiveGrid grid = test::naive_search({data + first, data + first + length}, rule);
    grids.insert(grids.end(), static_cast<size_t>(length), grid);
  }
  return grids;
}

TEST_P(Gptq, EqualsColumnElimination) {
  const Case c = GetParam();
  const at::Tensor w = (gaussian(kRows, kWidth, 3) * 0.05).to(at::kFloat);
  HessianSum sum(kWidth, at::kCPU);
  const at::Tensor x = inputs(200, kWidth, c.dead);
  sum.add(x.narrow(0, 0, 120));
  sum.add(x.narrow(0, 120, 80));
  const at::Tensor hessian = sum.finish(2);
  const WeightQuant how{c.bits, c.group, c.symmetric, c.clip, ScaleConvention::quarot};
  const HessianFactor factor = factor_hessian(hessian, {c.act_order, 0.01, c.block});
  EXPECT_TRUE(factor.trail.empty());
  const QuantizedWeight q = quantize_gptq(w, factor, how, c.block);

  Matrix damped = rows_of(hessian);
  std::vector<size_t> order(kWidth);
  std::iota(order.begin(), order.end(), size_t{0});
  double mean = 0;
  for (size_t i = 0; i < order.size(); ++i) {
    if (damped[i][i] == 0) damped[i][i] = 1;
    mean += damped[i][i] / static_cast<double>(kWidth);
  }
  if (c.act_order) std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return damped[a][a] > damped[b][b]; });
  for (size_t i = 0; i < order.size(); ++i) damped[i][i] += 0.01 * mean;
  const Matrix inverse = test::naive_inverse(damped);
  const NaiveRule rule{c.bits, c.symmetric, false, c.clip};
  const at::Tensor integers = q.integers.to(at::kFloat);
  for (int64_t r = 0; r < kRows; ++r) {
    std::vector<double> row = rows_of(w)[static_cast<size_t>(r)];
    if (c.dead >= 0) row[static_cast<size_t>(c.dead)] = 0;
    const std::vector<float> expected = test::naive_obs(row, inverse, order, grids_of(w, r, rule, c.group > 0 ? c.group : kWidth), rule);
    for (int64_t k = 0; k < kWidth; ++k) {
      ASSERT_EQ(integers[r][k].item<float>(), expected[static_cast<size_t>(k)]) << "row " << r << " column " << k;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Settings, Gptq,
                         ::testing::Values(Case{4, 0, true, false, false, 128, -1}, Case{4, 0, true, false, false, 5, -1},
                                           Case{3, 0, true, false, true, 7, -1}, Case{2, 0, false, false, false, 1, -1},
                                           Case{4, 8, true, false, false, 10, -1}, Case{4, 6, false, true, true, 9, 4},
                                           Case{4, 0, true, true, false, 24, 0}, Case{8, 0, true, false, true, 128, 23}));

TEST(Gptq, LosesLessThanRoundingToNearest) {
  const at::Tensor w = (gaussian(40, 64, 5) * 0.05).to(at::kFloat), x = inputs(500, 64, -1);
  HessianSum sum(64, at::kCPU);
  sum.add(x);
  const at::Tensor hessian = sum.finish(1);
  for (const bool act_order : {false, true}) {
    const WeightQuant how{4, 0, true, false, ScaleConvention::quarot};
    const QuantizedWeight q = quantize_gptq(w, factor_hessian(hessian, {act_order, 0.01, 16}), how, 16);
    EXPECT_LT(hessian_norm(dequantize(q) - w, hessian), 0.7 * hessian_norm(dequantize(quantize_rtn(w, how)) - w, hessian));
  }
}

TEST(Gptq, LossIsTheOutputErrorOfTheCalibrationInputs) {
  const at::Tensor d = gaussian(9, 12, 8), x = gaussian(50, 12, 9);
  HessianSum sum(12, at::kCPU);
  sum.add(x);
  // 2/n Σ_tokens ‖D x‖²
  const double expected = 2.0 / 5 * at::mm(x, d.t()).pow(2).sum().item<double>();
  EXPECT_TRUE(test::near_relative(hessian_norm(d, sum.finish(5)), expected, 1e-13));
}

TEST(Hessian, WideSitesAreSummedInChunks) {
  const int64_t width = 1100;
  const at::Tensor x = gaussian(4200, width, 6).to(at::kFloat);
  HessianSum sum(width, at::kCPU);
  sum.add(x.view({2, 2100, width}));
  const at::Tensor wide = x.to(at::kDouble);
  EXPECT_TRUE(test::tensors_near(sum.finish(2), at::mm(wide.t(), wide), 1e-6));
}

TEST(Gptq, IndefiniteHessianIsDampedMoreAndSaysSo) {
  const at::Tensor hessian = at::tensor({1.0, 1.5, 1.5, 1.0}, at::kDouble).view({2, 2});  // eigenvalues 2.5 and −0.5
  const HessianFactor factor = factor_hessian(hessian, {false, 0.01, 128});
  ASSERT_EQ(factor.trail.size(), 2u);  // 0.01 and 0.1 fail, 1 works
  EXPECT_EQ(factor.damping, 1.0);
  EXPECT_NE(factor.trail[0].find("damping 0.01"), std::string::npos);
  const at::Tensor damped = hessian + at::eye(2, at::kDouble);
  EXPECT_TRUE(test::tensors_near(at::mm(factor.upper.t(), factor.upper), at::inverse(damped), 1e-13));
  EXPECT_EQ(factor.upper[1][0].item<double>(), 0);
}

TEST(Gptq, HopelessHessiansAreRefused) {
  EXPECT_THROW(factor_hessian(at::tensor({1.0, 1e6, 1e6, 1.0}, at::kDouble).view({2, 2}), {}), NumericError);
  EXPECT_THROW(factor_hessian(at::full({2, 2}, std::numeric_limits<double>::quiet_NaN(), at::kDouble), {}), NumericError);
}

}  // namespace
}  // namespace rolora
