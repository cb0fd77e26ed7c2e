// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/outliers/top_values.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace rolora {
namespace {

bool before(const Outlier& a, const Outlier& b) {
  const float x = std::fabs(a.value), y = std::fabs(b.value);
  if (x != y) return x > y;
  if (a.token != b.token) return a.token < b.token;
  return a.channel < b.channel;
}

}  // namespace

void TopValues::offer(const Outlier& candidate) {
  if (k_ == 0 || (values_.size() == k_ && !before(candidate, values_.back()))) return;
  if (values_.size() == k_) values_.pop_back();
  values_.insert(std::upper_bound(values_.begin(), values_.end(), candidate, before), candidate);
}

void TopValues::merge(const TopValues& other) {
  for (const Outlier& value : other.values_) offer(value);
}

int32_t TopValues::floor_bits() const { return values_.size() < k_ ? 0 : std::bit_cast<int32_t>(std::fabs(values_.back().value)); }

}  // namespace rolora
