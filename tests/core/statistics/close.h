// SPDX-License-Identifier: GPL-3.0-or-later
// Relative closeness that fails on NaN.
#pragma once

#include <gtest/gtest.h>

#include <cmath>

namespace rolora::test {

inline testing::AssertionResult close(const char* a_text, const char* b_text, const char*, double found, double expected, double relative) {
  if (std::fabs(found - expected) <= relative * std::fabs(expected)) return testing::AssertionSuccess();
  return testing::AssertionFailure() << a_text << " = " << std::setprecision(17) << found << ", " << b_text << " = " << expected
                                     << ", relative difference " << std::fabs(found - expected) / std::fabs(expected) << " > " << relative;
}

}  // namespace rolora::test

#define EXPECT_CLOSE(found, expected, relative) EXPECT_PRED_FORMAT3(rolora::test::close, found, expected, relative)
