// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/outliers/site_statistics.h"

#include <limits>

#include "core/outliers/log_histogram.h"
#include "core/outliers/statistics_result.h"

namespace rolora {

double TensorFigures::token_ratio() const {
  return token_median > 0 ? token_top[0] / token_median : std::numeric_limits<double>::quiet_NaN();
}

std::vector<double> LogHistogram::edges() const {
  std::vector<double> out;
  for (size_t i = 0; !counts.empty() && i <= counts.size(); ++i) out.push_back(LogBins::lower_edge(first + static_cast<int>(i)));
  return out;
}

const SiteStatistics* StatisticsResult::find(const std::string& name) const {
  for (const SiteStatistics& site : sites) {
    if (site.name() == name) return &site;
  }
  return nullptr;
}

}  // namespace rolora
