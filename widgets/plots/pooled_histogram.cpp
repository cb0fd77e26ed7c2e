// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/plots/pooled_histogram.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/outliers/log_histogram.h"

namespace rolora::widgets {
namespace {

double edge(int bin, int bins_an_octave) { return std::exp2(static_cast<double>(bin) / bins_an_octave + LogBins::kLowestOctave); }

}  // namespace

uint64_t PooledHistogram::total() const { return std::accumulate(counts.begin(), counts.end(), zeros); }

int PooledHistogram::bin_of(double magnitude) const {
  if (counts.empty() || !(magnitude >= edges.front()) || magnitude >= edges.back()) return -1;
  return static_cast<int>(std::upper_bound(edges.begin(), edges.end(), magnitude) - edges.begin()) - 1;
}

double PooledHistogram::share_from(int bin) const {
  const uint64_t all = total();
  if (all == 0) return 0;
  const uint64_t above = std::accumulate(counts.begin() + std::max(0, bin), counts.end(), uint64_t{0});
  return static_cast<double>(above) / static_cast<double>(all);
}

PooledHistogram pooled(const LogHistogram& fine, int bins_an_octave) {
  PooledHistogram result;
  result.bins_an_octave = bins_an_octave;
  result.zeros = fine.zeros;
  if (fine.counts.empty()) return result;
  const int width = LogBins::kPerOctave / bins_an_octave;
  const int first = fine.first / width, last = (fine.first + static_cast<int>(fine.counts.size()) - 1) / width;
  result.counts.assign(static_cast<size_t>(last - first + 1), 0);
  for (size_t i = 0; i < fine.counts.size(); ++i) {
    result.counts[static_cast<size_t>((fine.first + static_cast<int>(i)) / width - first)] += fine.counts[i];
  }
  for (int bin = first; bin <= last + 1; ++bin) result.edges.push_back(edge(bin, bins_an_octave));
  return result;
}

ShareAbove shares_above(const LogHistogram& fine) {
  ShareAbove result;
  const uint64_t all = std::accumulate(fine.counts.begin(), fine.counts.end(), fine.zeros);
  uint64_t above = std::accumulate(fine.counts.begin(), fine.counts.end(), uint64_t{0});
  for (size_t i = 0; i < fine.counts.size(); ++i) {
    if (fine.counts[i] == 0) continue;
    result.at.push_back(edge(fine.first + static_cast<int>(i), LogBins::kPerOctave));
    result.share.push_back(static_cast<double>(above) / static_cast<double>(all));
    above -= fine.counts[i];
  }
  return result;
}

double lower_end(const LogHistogram& fine, double share) {
  const uint64_t all = std::accumulate(fine.counts.begin(), fine.counts.end(), uint64_t{0});
  uint64_t below = 0;
  for (size_t i = 0; i < fine.counts.size(); ++i) {
    if (static_cast<double>(below + fine.counts[i]) > share * static_cast<double>(all)) {
      return edge(fine.first + static_cast<int>(i), LogBins::kPerOctave);
    }
    below += fine.counts[i];
  }
  return fine.counts.empty() ? 0 : edge(fine.first, LogBins::kPerOctave);
}

}  // namespace rolora::widgets
