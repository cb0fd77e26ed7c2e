// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/outliers/top_values.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <tuple>

#include "core/base/random.h"

namespace rolora {
namespace {

std::vector<Outlier> sorted(std::vector<Outlier> all, size_t k) {
  std::sort(all.begin(), all.end(), [](const Outlier& a, const Outlier& b) {
    return std::tuple(-std::fabs(a.value), a.token, a.channel) < std::tuple(-std::fabs(b.value), b.token, b.channel);
  });
  all.resize(std::min(all.size(), k));
  return all;
}

// Few different magnitudes, so that ties are the rule.
TEST(TopValues, KeepTheLargestWhateverTheOrderOfOfferingAndMerging) {
  Random random(3, "top");
  std::vector<Outlier> all;
  for (int64_t t = 0; t < 200; ++t) {
    for (int64_t c = 0; c < 5; ++c) all.push_back({static_cast<float>(random.below(40)) * static_cast<float>(random.sign()), t, c});
  }
  TopValues forward(64), first(64), second(64);
  for (const Outlier& o : all) forward.offer(o);
  for (const int64_t i : random.permutation(static_cast<int64_t>(all.size()))) {
    (i % 2 == 0 ? first : second).offer(all[static_cast<size_t>(i)]);
  }
  second.merge(first);
  EXPECT_EQ(forward.values(), sorted(all, 64));
  EXPECT_EQ(second.values(), forward.values());
  EXPECT_EQ(forward.floor_bits(), std::bit_cast<int32_t>(std::fabs(forward.values().back().value)));
  EXPECT_EQ(TopValues(3).floor_bits(), 0);
}

}  // namespace
}  // namespace rolora
