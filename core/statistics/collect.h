// SPDX-License-Identifier: GPL-3.0-or-later
// One pass over a text that looks at every site: outlier statistics of a model in one of its states.
#pragma once

#include <ATen/core/Tensor.h>

#include <string>
#include <vector>

#include "core/base/monitor.h"
#include "core/model/passes.h"
#include "core/outliers/statistics_result.h"
#include "core/statistics/site_accumulator.h"
#include "core/statistics/weight_statistics.h"

namespace rolora {

/// Sites by name: "down_in" (of every layer) or "layers.3.down_in". UsageError naming the option for anything else.
class SiteSelection {
 public:
  /// No names: every site, or none where `empty_is_all` is false.
  SiteSelection(const std::vector<std::string>& names, int64_t layers, const std::string& option, bool empty_is_all);
  bool has(LayerIndex layer, SiteKind site) const;
  /// All of them, by layer and in the order of kReportedSites.
  std::vector<std::pair<LayerIndex, SiteKind>> sites() const;

 private:
  int64_t layers_;
  std::vector<bool> chosen_;  // [layers, sites]
};

struct StatisticsOptions {
  PassOptions pass;
  std::vector<std::string> sites;           ///< empty: all
  std::vector<std::string> keep;            ///< values of these sites, of accumulator.tokens_of_full tokens
  uint64_t keep_bytes = uint64_t{2} << 30;  ///< cap on what `keep` may hold in memory
  bool weights = true;                      ///< also look at the weights
  AccumulatorOptions accumulator;
};

/// Runs windows [W, T] (T ≥ 2) through the model once. A site's working memory is released when it has seen the last window, so with one
/// group of windows (PassOptions::group_bytes) only one layer's counts are held at a time, with several all layers'.
/// UsageError for a site that does not exist or a `keep` beyond its cap, NumericError for an activation that is not finite.
StatisticsResult collect_statistics(const ModelSource& source, const at::Tensor& windows, const StatisticsOptions& options,
                                    Monitor& monitor, std::string_view stage = "statistics");

}  // namespace rolora
