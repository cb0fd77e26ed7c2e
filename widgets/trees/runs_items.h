// SPDX-License-Identifier: GPL-3.0-or-later
// What the tree of models and runs shows, as values: model → run → measured states and stations; files without a run stand by themselves.
#pragma once

#include <QHash>
#include <QSet>
#include <QString>
#include <vector>

#include "widgets/data/run_store.h"
#include "widgets/data/selection.h"
#include "widgets/data/statistics_store.h"
#include "widgets/trees/keyed_tree.h"
#include "widgets/trees/known_places.h"

namespace rolora::widgets {

/// What a row of the tree stands for.
struct RunsRow {
  enum class Kind { model, run, state, station, file, place, group };
  Kind kind = Kind::model;
  QString folder;  ///< of the run; the path of a place and, as far as it is known, of a model
  QString id;      ///< station
  StateRef state;  ///< state, file
  bool operator==(const RunsRow&) const = default;
};

enum RunsColumn { kRunsName, kRunsState, kRunsPerplexity, kRunsWorst, kRunsSize };
QStringList runs_columns();

struct RunsInput {
  std::vector<RunDataPtr> runs;   ///< in the order they were opened
  std::vector<SummaryPtr> files;  ///< open ones
  Selection selection;
  QHash<QString, QString> errors;  ///< of runs (by folder) and statistics (by file) that cannot be read
  QSet<QString> pinned;            ///< folders of runs and files; they stand first
  std::vector<KnownPlace> known;   ///< what could be opened; what is open already is left out
  QHash<QString, QString> models;  ///< by the folder of a run: the folder of the model that it began with, where it is found
};
std::vector<TreeItem> runs_items(const RunsInput& input);
/// Where a state stands in the tree.
QStringList keys_of_state(const RunsInput& input, const StateRef& state);

}  // namespace rolora::widgets

Q_DECLARE_METATYPE(rolora::widgets::RunsRow)
