// SPDX-License-Identifier: GPL-3.0-or-later
// The standard figures of a run, made from its folder alone: what the window shows first, drawn by the same plots.
#pragma once

#include <QString>
#include <QStringList>
#include <functional>
#include <vector>

#include "widgets/data/run_store.h"
#include "widgets/plots/figure.h"

namespace rolora::widgets {

/// "overview", "kurtosis", "distribution", "profile", "surface", "errors", "training", "perplexity".
const QStringList& figure_templates();

/// Makes the figures one after another and hands each over, so that one is in memory at a time. Reads the run's statistics files on the
/// calling thread, which must be the GUI's: only where there is no window. An empty `only` makes all templates. What the run does not have
/// (no statistics, no training) gives no figure. Throws what core throws when a file cannot be read.
void for_each_run_figure(const RunData& run, const QString& only, const std::function<void(const FigurePtr&)>& take);
/// All of them at once.
std::vector<FigurePtr> run_figures(const RunData& run, const QString& only = {});

}  // namespace rolora::widgets
