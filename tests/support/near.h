// SPDX-License-Identifier: GPL-3.0-or-later
// Comparisons with a stated tolerance. NaN is never near anything.
#pragma once

#include <ATen/Functions.h>
#include <gtest/gtest.h>

#include <cmath>

namespace rolora::test {

/// |found − expected| ≤ tolerance · |expected|
inline ::testing::AssertionResult near_relative(double found, double expected, double tolerance) {
  const double error = std::abs(found - expected);
  if (error <= tolerance * std::abs(expected)) return ::testing::AssertionSuccess();
  return ::testing::AssertionFailure() << found << " differs from " << expected << " by a relative " << error / std::abs(expected)
                                       << ", allowed " << tolerance;
}

/// ‖found − expected‖ / ‖expected‖ in fp64
inline double relative_l2(const at::Tensor& found, const at::Tensor& expected) {
  const at::Tensor a = found.to(at::kCPU).to(at::kDouble), b = expected.to(at::kCPU).to(at::kDouble);
  return ((a - b).norm() / b.norm()).item<double>();
}

inline ::testing::AssertionResult tensors_near(const at::Tensor& found, const at::Tensor& expected, double tolerance) {
  if (found.sizes() != expected.sizes()) {
    return ::testing::AssertionFailure() << "shape " << found.sizes() << " where " << expected.sizes() << " is expected";
  }
  const double error = relative_l2(found, expected);
  if (error <= tolerance) return ::testing::AssertionSuccess();
  return ::testing::AssertionFailure() << "relative L2 error " << error << ", allowed " << tolerance;
}

}  // namespace rolora::test
