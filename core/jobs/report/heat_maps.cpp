// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/jobs/report/heat_maps.h"

#include "core/jobs/report/chart.h"
#include "core/statistics/statistics_file.h"

namespace rolora {

std::string absmax_maps(const RunData& run, const Station& station, const std::string& site) {
  SiteKind kind = SiteKind::down_in;
  for (const SiteKind one : kReportedSites) {
    if (name_of(one) == site) kind = one;
  }
  const StatisticsFile file = load_statistics(run.station_folder(station.id) / "statistics.h5");
  HeatMap map;
  map.id = "map-" + station.id + "-" + site;
  map.title = "Largest magnitude of every channel of " + site;
  map.row_label = "layer";
  map.column_label = "channel of " + site;
  for (const StatisticsState& state : std::get<StatisticsStation>(station.settings).states) {
    if (!file.has_overview(state.label, kind)) continue;
    const OverviewMatrix matrix = file.overview(state.label, kind, "absmax");
    map.panels.push_back({state.label, static_cast<int64_t>(matrix.layers.size()), matrix.channels,
                          std::vector<double>(matrix.values.begin(), matrix.values.end())});
    map.description += "Panel " + state.label + ". ";
  }
  return map.panels.empty() ? "" : svg(map);
}

}  // namespace rolora
