// SPDX-License-Identifier: GPL-3.0-or-later
// Comparing tensors in tests: every measure fails on NaN and infinity.
#pragma once

#include <ATen/Functions.h>
#include <ATen/core/Tensor.h>
#include <gtest/gtest.h>

#include <limits>

namespace rolora::testing {

/// ‖a − b‖ / ‖b‖ in fp64 (plain ‖a − b‖ where b is zero); infinity where shapes differ or anything is not finite.
inline double relative_error(const at::Tensor& a, const at::Tensor& b) {
  if (a.sizes() != b.sizes()) return std::numeric_limits<double>::infinity();
  const at::Tensor x = a.detach().to(at::kCPU, at::kDouble), y = b.detach().to(at::kCPU, at::kDouble);
  if (!at::isfinite(x).all().item<bool>() || !at::isfinite(y).all().item<bool>()) return std::numeric_limits<double>::infinity();
  if (x.numel() == 0) return 0;
  const double difference = (x - y).norm().item<double>(), size = y.norm().item<double>();
  return size == 0 ? difference : difference / size;
}

/// The same values bit for bit, but for the sign of zero; NaN is never equal.
inline bool same_values(const at::Tensor& a, const at::Tensor& b) {
  return a.sizes() == b.sizes() && a.scalar_type() == b.scalar_type() && at::equal(a.cpu(), b.cpu());
}

}  // namespace rolora::testing
