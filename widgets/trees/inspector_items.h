// SPDX-License-Identifier: GPL-3.0-or-later
// What the inspector shows, as values: every number of the selected place in both states, what it means, and where it comes from.
#pragma once

#include <QString>
#include <vector>

#include "widgets/data/selection.h"
#include "widgets/data/workbench.h"
#include "widgets/trees/keyed_tree.h"

namespace rolora::widgets {

enum InspectorColumn { kInspectorName, kInspectorA, kInspectorB };

QStringList inspector_columns(const Selection& selection, const Workbench& workbench);
/// Groups "Selected", "Whole site", "Weights", "Provenance". A row's first cell tells its definition.
std::vector<TreeItem> inspector_items(const Selection& selection, const Workbench& workbench);
/// Tab-separated text of all rows.
QString inspector_text(const QStringList& columns, const std::vector<TreeItem>& items);

}  // namespace rolora::widgets
