// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/outliers/log_histogram.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "core/base/random.h"

namespace rolora {
namespace {

// Bin by definition, in long double: floor(64·(log2 x + 149)).
int bin_by_definition(float x) { return static_cast<int>(std::floor(64.0L * (std::log2(static_cast<long double>(x)) + 149.0L))); }

TEST(LogBins, AgreeWithTheLogarithmForEveryKindOfFiniteValue) {
  const LogBins& bins = LogBins::get();
  Random random(1, "bins");
  for (int i = 0; i < 200000; ++i) {
    auto bits = static_cast<uint32_t>(random.below(0x7f800000u));
    if (i % 4 == 0) bits &= 0x007fffffu;  // subnormals, which a uniform draw would hardly meet
    if (bits == 0) continue;
    const float x = std::bit_cast<float>(bits);
    ASSERT_EQ(bins.of(x), bin_by_definition(x)) << std::hexfloat << x;
    ASSERT_EQ(bins.of(-x), bins.of(x));
  }
}

TEST(LogBins, AgreeOnBothSidesOfEveryEdge) {
  const LogBins& bins = LogBins::get();
  for (int b = 0; b < LogBins::kCount; ++b) {
    const auto edge = static_cast<float>(LogBins::lower_edge(b));
    for (float x : {std::nextafter(edge, 0.0f), edge, std::nextafter(edge, std::numeric_limits<float>::max())}) {
      if (x == 0 || !std::isfinite(x)) continue;
      ASSERT_EQ(bins.of(x), bin_by_definition(x)) << std::hexfloat << x;
    }
  }
}

TEST(LogBins, CoverTheExtremes) {
  const LogBins& bins = LogBins::get();
  EXPECT_EQ(bins.of(std::numeric_limits<float>::denorm_min()), 0);
  EXPECT_EQ(bins.of(std::numeric_limits<float>::max()), LogBins::kCount - 1);
  EXPECT_EQ(bins.of(1.0f), 149 * 64);
}

TEST(BinCounts, GrowBothWaysAndKeepEveryCount) {
  BinCounts counts;
  counts.add(1000, 3);
  counts.add(20, 5);
  counts.add(5000, 7);
  EXPECT_EQ(counts.at(1000), 3u);
  EXPECT_EQ(counts.at(20), 5u);
  EXPECT_EQ(counts.at(5000), 7u);
  EXPECT_EQ(counts.at(17000), 0u);
  BinCounts other;
  other.add(1000, 1);
  other.add(17000, 2);
  counts.merge(other);
  EXPECT_EQ(counts.at(1000), 4u);
  EXPECT_EQ(counts.at(17000), 2u);
  EXPECT_EQ(counts.total(), 18u);
}

TEST(Quantiles, FallAmongZerosAndIntoTheRightBin) {
  std::vector<uint64_t> counts = {1, 0, 8};  // of 10 values: one zero, one in the first bin, eight in the third
  const CountView view{counts, 149 * 64, 1, 1};
  EXPECT_EQ(quantile_of(view, 0.05, 2), 0.0);
  EXPECT_NEAR(quantile_of(view, 0.2, 2), std::exp2(0.5 / 64), 1e-15);
  EXPECT_NEAR(quantile_of(view, 0.21, 2), std::exp2(2.5 / 64), 2e-15);
  EXPECT_EQ(quantile_of(view, 0.99, 1.001), 1.001);  // never above the largest value
  EXPECT_TRUE(std::isnan(quantile_of({{}, 0, 1, 0}, 0.5, 0)));
}

}  // namespace
}  // namespace rolora
