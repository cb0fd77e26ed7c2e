// SPDX-License-Identifier: GPL-3.0-or-later
// What the model map shows, as values: layer → module → site and weights, each with how far its outliers reach.
#pragma once

#include <QString>
#include <vector>

#include "widgets/data/selection.h"
#include "widgets/data/statistics_store.h"
#include "widgets/trees/keyed_tree.h"

namespace rolora::widgets {

/// What the bars measure.
enum class MapMeasure { absmax, token_ratio, kurtosis };
QString measure_title(MapMeasure measure);
QString measure_tip(MapMeasure measure);

enum MapColumn { kMapName, kMapBar };

/// What a row stands for: a layer, or a site of it (a weight stands at the site that it reads).
struct MapRow {
  int layer = 0;
  bool has_site = false;
  SiteKind site = SiteKind::down_in;
  bool operator==(const MapRow&) const = default;
};

/// `shown` is drawn, `beside` marked in its bars; either may be null. Weights have no bar for token_ratio.
std::vector<TreeItem> map_items(const StateSummary* shown, const StateSummary* baseline, MapMeasure measure, bool without_first);
/// The largest value of all bars of the model; NaN without any.
double map_most(const std::vector<TreeItem>& items);
/// Where the bars' scale begins and ends, in words.
QString map_scale(double most, MapMeasure measure);
QStringList keys_of_site(int layer, SiteKind site);
QStringList keys_of_layer(int layer);

}  // namespace rolora::widgets

Q_DECLARE_METATYPE(rolora::widgets::MapRow)
