// SPDX-License-Identifier: GPL-3.0-or-later
// Histograms of log2|x| as they are drawn: neighbouring bins of a file pooled, counts summed, edges on whole fractions of an octave.
#pragma once

#include <cstdint>
#include <vector>

#include "core/outliers/site_statistics.h"

namespace rolora::widgets {

/// Bin i holds counts[i] values with edges[i] ≤ |x| < edges[i+1], edges 1/bins_an_octave of an octave apart.
struct PooledHistogram {
  int bins_an_octave = 64;
  std::vector<double> edges;
  std::vector<uint64_t> counts;
  uint64_t zeros = 0;
  uint64_t total() const;  ///< zeros included
  /// Index of the bin that holds `magnitude`; −1 outside.
  int bin_of(double magnitude) const;
  /// Share of all values in bins from `bin` on.
  double share_from(int bin) const;
};

/// bins_an_octave divides 64. The counts of the file are conserved.
PooledHistogram pooled(const LogHistogram& fine, int bins_an_octave);

/// The complementary distribution at every edge of the fine bins that is not empty: share of all values (zeros too) with |x| ≥ at.
struct ShareAbove {
  std::vector<double> at, share;
};
ShareAbove shares_above(const LogHistogram& fine);

/// Lower edge of the bin below which at most `share` of the values that are not zero lie.
double lower_end(const LogHistogram& fine, double share);

}  // namespace rolora::widgets
