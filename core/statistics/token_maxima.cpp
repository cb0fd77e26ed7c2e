// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <cmath>
#include <limits>

#include "core/statistics/site_accumulator.h"

namespace rolora {
namespace {

// Mean of the two middle ones for an even count.
double exact_median(std::vector<float> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  const double upper = *middle;
  if (values.size() % 2 == 1) return upper;
  return 0.5 * (upper + *std::max_element(values.begin(), middle));
}

}  // namespace

void TokenMaxima::add(float absmax) {
  least_ = seen_ == 0 ? absmax : std::min(least_, absmax);
  ++seen_;
  if (static_cast<int64_t>(held_.size()) < most_held_) held_.push_back(absmax);
  if (absmax == 0) {
    ++zeros_;
  } else {
    counts_.add(LogBins::get().of(absmax), 1);
  }
  for (float& top : top_) {
    if (absmax > top) std::swap(absmax, top);
  }
}

void TokenMaxima::merge(const TokenMaxima& other) {
  if (other.seen_ == 0) return;
  least_ = seen_ == 0 ? other.least_ : std::min(least_, other.least_);
  seen_ += other.seen_;
  const auto room = static_cast<std::ptrdiff_t>(std::min<size_t>(other.held_.size(), static_cast<size_t>(most_held_) - held_.size()));
  held_.insert(held_.end(), other.held_.begin(), other.held_.begin() + room);
  zeros_ += other.zeros_;
  counts_.merge(other.counts_);
  for (float value : other.top_) {
    for (float& top : top_) {
      if (value > top) std::swap(value, top);
    }
  }
}

void TokenMaxima::write(TensorFigures& out) const {
  for (size_t i = 0; i < top_.size(); ++i) out.token_top[i] = top_[i];
  out.token_least = least_;
  out.median_exact = static_cast<int64_t>(held_.size()) == seen_;
  if (seen_ == 0) {
    out.token_median = std::numeric_limits<double>::quiet_NaN();
  } else if (out.median_exact) {
    out.token_median = exact_median(held_);
  } else {
    const LogHistogram h = histogram();
    out.token_median = quantile_of({h.counts, h.first, 1, h.zeros}, 0.5, top_[0]);
  }
}

LogHistogram TokenMaxima::histogram() const {
  LogHistogram out;
  out.counts = magnitudes({counts_, {}, 0}, &out.first);
  out.zeros = zeros_;
  return out;
}

}  // namespace rolora
