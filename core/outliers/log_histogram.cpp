// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/outliers/log_histogram.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace rolora {

const LogBins& LogBins::get() {
  static const LogBins bins;
  return bins;
}

LogBins::LogBins() {
  for (int b = 0; b < kPerOctave; ++b) {
    // The edge 2^((b+1)/64) is irrational but for the last one, so rounding up its exact mantissa is never in doubt.
    const double edge = (std::exp2((b + 1) / static_cast<double>(kPerOctave)) - 1.0) * 0x1.0p23;
    last_below_[static_cast<size_t>(b)] = static_cast<int>(std::ceil(edge)) - 1;
  }
  int bin = 0;
  for (size_t cell = 0; cell < first_.size(); ++cell) {
    while (static_cast<int>(cell << kCellBits) > last_below_[static_cast<size_t>(bin)]) ++bin;
    first_[cell] = bin;
  }
}

int LogBins::of_subnormal(uint32_t magnitude) const {
  // magnitude · 2^-149 with its leading one at bit k: octave k − 149.
  const int k = 31 - std::countl_zero(magnitude);
  const uint32_t mantissa = (magnitude << (23 - k)) & 0x007fffffu;
  const uint32_t normal = (1u << 23) | mantissa;  // the same mantissa with exponent field 1
  return of_bits(normal) + (k - 149 + 126) * kPerOctave;
}

double LogBins::lower_edge(int bin) { return std::exp2(kLowestOctave + bin / static_cast<double>(kPerOctave)); }

double LogBins::middle(int bin) { return std::exp2(kLowestOctave + (bin + 0.5) / static_cast<double>(kPerOctave)); }

void BinCounts::cover(int begin, int end_bin) {
  if (counts_.empty()) {
    first_ = begin;
    counts_.assign(static_cast<size_t>(end_bin - begin), 0);
    return;
  }
  if (begin < first_) {
    counts_.insert(counts_.begin(), static_cast<size_t>(first_ - begin), 0);
    first_ = begin;
  }
  if (end_bin > end()) counts_.resize(static_cast<size_t>(end_bin - first_), 0);
}

void BinCounts::add(int bin, uint64_t count) {
  const int octave = bin / LogBins::kPerOctave * LogBins::kPerOctave;
  if (bin < first_ || bin >= end()) cover(octave, octave + LogBins::kPerOctave);
  counts_[static_cast<size_t>(bin - first_)] += count;
}

void BinCounts::merge(const BinCounts& other) {
  if (other.counts_.empty()) return;
  cover(other.first_, other.end());
  for (int b = other.first_; b < other.end(); ++b) counts_[static_cast<size_t>(b - first_)] += other.at(b);
}

uint64_t BinCounts::at(int bin) const { return bin < first_ || bin >= end() ? 0 : counts_[static_cast<size_t>(bin - first_)]; }

uint64_t BinCounts::total() const { return std::accumulate(counts_.begin(), counts_.end(), uint64_t{0}); }

void SignedCounts::merge(const SignedCounts& other) {
  positive.merge(other.positive);
  negative.merge(other.negative);
  zeros += other.zeros;
}

double quantile_of(const CountView& view, double q, double absmax) {
  const uint64_t n = std::accumulate(view.counts.begin(), view.counts.end(), view.zeros);
  if (n == 0) return std::numeric_limits<double>::quiet_NaN();
  const auto rank = std::max<uint64_t>(1, static_cast<uint64_t>(std::ceil(q * static_cast<double>(n))));
  uint64_t seen = view.zeros;
  if (seen >= rank) return 0;
  for (size_t i = 0; i < view.counts.size(); ++i) {
    seen += view.counts[i];
    if (seen < rank) continue;
    const double low = LogBins::kLowestOctave + (view.first + static_cast<double>(i) * view.fine) / LogBins::kPerOctave;
    return std::min(std::exp2(low + 0.5 * view.fine / LogBins::kPerOctave), absmax);
  }
  return absmax;
}

double share_above(const SignedCounts& counts, double mean, double std, double k, double absmax) {
  const uint64_t n = counts.total();
  if (n == 0) return std::numeric_limits<double>::quiet_NaN();
  const double limit = k * std;
  uint64_t above = std::fabs(mean) > limit ? counts.zeros : 0;
  for (int b = counts.positive.first(); b < counts.positive.end(); ++b) {
    if (std::fabs(std::min(LogBins::middle(b), absmax) - mean) > limit) above += counts.positive.at(b);
  }
  for (int b = counts.negative.first(); b < counts.negative.end(); ++b) {
    if (std::fabs(-std::min(LogBins::middle(b), absmax) - mean) > limit) above += counts.negative.at(b);
  }
  return static_cast<double>(above) / static_cast<double>(n);
}

std::vector<uint64_t> magnitudes(const SignedCounts& counts, int* first) {
  BinCounts both = counts.positive;
  both.merge(counts.negative);
  std::vector<uint64_t> out;
  int begin = both.first(), end = both.end();
  while (begin < end && both.at(begin) == 0) ++begin;
  while (end > begin && both.at(end - 1) == 0) --end;
  for (int b = begin; b < end; ++b) out.push_back(both.at(b));
  *first = begin;
  return out;
}

}  // namespace rolora
