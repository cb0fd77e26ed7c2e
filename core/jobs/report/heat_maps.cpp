// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/jobs/report/heat_maps.h"

#include "core/jobs/report/chart.h"
#include "core/outliers/statistics_file.h"

namespace rolora {

std::string absmax_maps(const RunData& run, const StatisticsGroup& group, const std::string& site) {
  SiteKind kind = SiteKind::down_in;
  for (const SiteKind one : kReportedSites) {
    if (name_of(one) == site) kind = one;
  }
  HeatMap map;
  map.id = "map-" + group.states.front().station + "-" + site;
  map.title = "Largest magnitude of every channel of " + site;
  map.row_label = "layer";
  map.column_label = "channel of " + site;
  for (const StateRef& state : group.states) {
    const StatisticsFile file = load_statistics(run.station_folder(state.station) / "statistics.h5");
    if (!file.has_overview(state.label, kind)) continue;
    const OverviewMatrix matrix = file.overview(state.label, kind, "absmax");
    map.panels.push_back({state.title, static_cast<int64_t>(matrix.layers.size()), matrix.channels,
                          std::vector<double>(matrix.values.begin(), matrix.values.end())});
    map.description += "Panel " + state.title + ". ";
  }
  return map.panels.empty() ? "" : svg(map);
}

}  // namespace rolora
