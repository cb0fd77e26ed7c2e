// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/statistics/log_codes.h"

#include <gtest/gtest.h>

#include <cmath>

#include "core/base/random.h"

namespace rolora {
namespace {

// Bin by definition, in long double: floor(64·(log2 x + 149)).
int bin_by_definition(float x) { return static_cast<int>(std::floor(64.0L * (std::log2(static_cast<long double>(x)) + 149.0L))); }

TEST(LogCodes, AreTwiceTheBinAndTheSignAtEveryPositionOfAVector) {
  Random random(2, "codes");
  std::vector<float> values;
  for (int i = 0; i < 100003; ++i) {
    auto bits = static_cast<uint32_t>(random.below(0x7f800000u));
    if (random.below(16) == 0) bits &= 0x007fffffu;
    if (random.below(16) == 0) bits = 0;
    values.push_back(std::bit_cast<float>(bits) * static_cast<float>(random.sign()));
  }
  std::vector<uint16_t> codes(values.size());
  encode(values.data(), static_cast<int64_t>(values.size()), codes.data());
  for (size_t i = 0; i < values.size(); ++i) {
    const int expected = values[i] == 0 ? kZeroCode : 2 * bin_by_definition(std::fabs(values[i])) + (values[i] < 0 ? 1 : 0);
    ASSERT_EQ(codes[i], expected) << std::hexfloat << values[i];
  }
}

}  // namespace
}  // namespace rolora
