// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QString>
#include <functional>

#include "widgets/data/run_store.h"
#include "widgets/plots/figure.h"

namespace rolora::widgets {

/// Figures of one statistics file of a run, before against after: its first state beside the first rotated one (else the second; alone
/// where there is one only). `take` gets each figure; `wants` says which templates are asked for.
void statistics_figures(const QString& file, const RunData& run, const std::function<bool(const char*)>& wants,
                        const std::function<void(const FigurePtr&)>& take);

}  // namespace rolora::widgets
