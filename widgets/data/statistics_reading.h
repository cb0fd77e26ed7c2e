// SPDX-License-Identifier: GPL-3.0-or-later
// What the statistics store reads, as plain functions; they throw what core throws. Never on the GUI thread.
#pragma once

#include "widgets/data/statistics_store.h"

namespace rolora::widgets {

StatisticsSummary read_summary(const StatisticsFile& file, const QString& name);
/// Layers that the file does not have are rows of NaN.
Matrix read_overview(const StatisticsFile& file, const QString& state, SiteKind site, const QString& statistic, bool without_first);
Matrix read_full(const StatisticsFile& file, const QString& name, const QString& state, SiteKey site);
SiteDetail read_site(const StatisticsFile& file, const QString& state, SiteKey site, bool without_first);
std::vector<SiteOutliers> read_outliers(const StatisticsFile& file, const QString& state, bool without_first);

std::string name_of_site(SiteKey site);
/// "R1 hadamard, R4 hadamard, seed 0", "folded", or empty for null.
QString rotation_text(const Json& rotation);

}  // namespace rolora::widgets
