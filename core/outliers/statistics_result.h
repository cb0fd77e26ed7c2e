// SPDX-License-Identifier: GPL-3.0-or-later
// What one pass over a text found out about a model in one of its states.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/outliers/linear_statistics.h"
#include "core/outliers/site_statistics.h"

namespace rolora {

struct StatisticsResult {
  int64_t windows = 0, context = 0;
  std::vector<SiteStatistics> sites;      ///< by layer, then in the order of kReportedSites
  std::vector<LinearStatistics> linears;  ///< by layer, then q, k, v, o, gate, up, down; empty when not asked for
  int64_t tokens() const { return windows * context; }
  /// nullptr when the site was not looked at.
  const SiteStatistics* find(const std::string& name) const;
};

}  // namespace rolora
