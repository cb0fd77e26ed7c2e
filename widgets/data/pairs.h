// SPDX-License-Identifier: GPL-3.0-or-later
// Which two states are looked at together when nobody chose any.
#pragma once

#include <QObject>
#include <QString>
#include <functional>

#include "widgets/data/selection.h"
#include "widgets/data/statistics_store.h"
#include "widgets/data/workbench.h"

namespace rolora::widgets {

/// The selection that shows a file first: before and after, its first plain state and its first rotated one, where the down projection
/// reads (or the first site that was measured). What still fits stays of `from`: site, statistic, comparison, first tokens.
Selection first_look(const StatisticsSummary& summary, const Selection& from = {});

/// Folding moves the gains into the weights, so at the norms' sites (q/k/v and gate/up input) magnitudes of a plain state and of a folded
/// or rotated one compare as multiples of the rms only.
bool scale_was_folded(const StateRef& a, const StateRef& b, SiteKind site, const StatisticsStore& store);
/// Is one of the two in a basis that a rotation made, and the other not in the same? Then their channels share numbers only.
bool basis_was_rotated(const StateRef& a, const StateRef& b, const StatisticsStore& store);
Scaling default_scaling(const StateRef& a, const StateRef& b, SiteKind site, const StatisticsStore& store);
/// The rule of a window's selection: whoever changes a state or the site without a word about the scaling gets the default one.
SelectionModel::Rule scaling_rule(const StatisticsStore& store);

/// Opens a finished or growing run and its statistics, and proposes the first look at them. `done` gets the error, or nothing.
void show_run(const Workbench& workbench, const QString& folder, QObject* receiver, std::function<void(const QString& error)> done = {});
/// The same for one file of statistics.
void show_statistics(const Workbench& workbench, const QString& file, QObject* receiver,
                     std::function<void(const QString& error)> done = {}, const StateTitles& titles = {});
/// What an open run has measured since: opened, nothing else is shown. A file that could not be read is tried again with
/// `damaged_too` only.
void open_new_statistics(const Workbench& workbench, const QString& folder, bool damaged_too = false);

}  // namespace rolora::widgets
