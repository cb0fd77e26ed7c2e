// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/statistics/moments.h"

#include <gtest/gtest.h>
#include <torch/types.h>

#include "tests/core/statistics/brute_force.h"
#include "tests/support/near.h"

namespace rolora {
namespace {

std::vector<float> shifted_gaussian(int64_t n, double mean, double std, uint64_t seed) {
  Random random(seed, "gaussian");
  std::vector<float> values;
  for (int64_t i = 0; i < n; ++i) values.push_back(static_cast<float>(mean + std * random.normal()));
  return values;
}

Moments by_definition(const std::vector<float>& values) {
  long double sum = 0, m2 = 0, m3 = 0, m4 = 0;
  for (const float v : values) sum += v;
  const long double mean = sum / static_cast<long double>(values.size());
  for (const float v : values) {
    const long double d = v - mean;
    m2 += d * d;
    m3 += d * d * d;
    m4 += d * d * d * d;
  }
  return {static_cast<int64_t>(values.size()), static_cast<double>(mean), static_cast<double>(m2), static_cast<double>(m3),
          static_cast<double>(m4)};
}

TEST(Moments, MergingTwoSetsEqualsTheirUnion) {
  for (const auto& [na, nb, shift] :
       {std::tuple{700, 300, 3.0}, std::tuple{1, 999, -20.0}, std::tuple{500, 1, 1000.0}, std::tuple{64, 64, 0.0}}) {
    const std::vector<float> a = shifted_gaussian(na, 1, 2, 1), b = shifted_gaussian(nb, 1 + shift, 5, 2);
    std::vector<float> both = a;
    both.insert(both.end(), b.begin(), b.end());
    Moments merged = by_definition(a);
    merged.merge(by_definition(b));
    const Moments expected = by_definition(both);
    EXPECT_EQ(merged.count, expected.count);
    EXPECT_TRUE(test::near_relative(merged.mean, expected.mean, 1e-13));
    EXPECT_TRUE(test::near_relative(merged.m2, expected.m2, 1e-12));
    EXPECT_TRUE(test::near_relative(merged.m3, expected.m3, 1e-10));
    EXPECT_TRUE(test::near_relative(merged.m4, expected.m4, 1e-11));
  }
}

TEST(Moments, MergingNothingChangesNothing) {
  const Moments full = by_definition(shifted_gaussian(10, 0, 1, 3));
  Moments a = full, b;
  a.merge(Moments{});
  b.merge(full);
  EXPECT_EQ(a.m4, full.m4);
  EXPECT_EQ(b.m4, full.m4);
  EXPECT_TRUE(std::isnan(Moments{}.kurtosis()));
  EXPECT_TRUE(std::isnan(Moments{}.rms()));
}

// A mean of 20000 times the spread: sums of powers of x would lose every digit of the fourth moment.
TEST(Moments, OfATensorAreExactForLargeMeans) {
  for (const double mean : {0.0, 1.0, 2e4}) {
    const std::vector<float> values = shifted_gaussian(100003, mean, 1, 4);
    const TensorMoments found = tensor_moments(torch::tensor(values));
    const test::Expected expected = test::expected_of(values);
    EXPECT_EQ(found.absmax, expected.absmax);
    EXPECT_NEAR(found.moments.mean, expected.mean, 1e-13 * (1 + mean));
    EXPECT_TRUE(test::near_relative(found.moments.std(), expected.std, 1e-12));
    EXPECT_TRUE(test::near_relative(found.moments.rms(), expected.rms, 1e-12));
    EXPECT_TRUE(test::near_relative(found.moments.kurtosis(), expected.kurtosis, 1e-11));
  }
}

TEST(Moments, OfHalfTypesAndOfAnyShapeAreThoseOfTheValues) {
  const torch::Tensor x = torch::tensor(shifted_gaussian(3 * 5 * 7, 2, 3, 5)).to(torch::kBFloat16).view({3, 5, 7}).transpose(0, 2);
  const torch::Tensor wide = x.to(torch::kFloat).contiguous();
  const std::vector<float> values(wide.data_ptr<float>(), wide.data_ptr<float>() + wide.numel());
  EXPECT_TRUE(test::near_relative(tensor_moments(x).moments.kurtosis(), test::expected_of(values).kurtosis, 1e-12));
}

TEST(Moments, KurtosisOfAConstantIsNotANumber) {
  EXPECT_TRUE(std::isnan(tensor_moments(torch::full({40000}, 0.1f)).moments.kurtosis()));
  EXPECT_EQ(tensor_moments(torch::full({40000}, 0.1f)).moments.std(), 0.0);
}

}  // namespace
}  // namespace rolora
