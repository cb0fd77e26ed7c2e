// SPDX-License-Identifier: GPL-3.0-or-later
// What could be opened: places that were open before and the runs of the runs folder, with the little that is told without opening them.
#pragma once

#include <QMetaType>
#include <QString>
#include <QStringList>
#include <vector>

namespace rolora::widgets {

struct KnownPlace {
  enum class Kind { run, model, statistics };
  QString path;
  Kind kind = Kind::run;
  QString state;            ///< of a run, as its run.json says
  bool missing = false;     ///< it was open once and is not there any more
  bool remembered = false;  ///< among what was opened last; otherwise it only lies in the runs folder
  bool operator==(const KnownPlace&) const = default;
};

inline constexpr int kMostKnownRuns = 20;

/// Those of `remembered` in their order, then runs of `runs_folder` that are not among them, the newest first, at most kMostKnownRuns.
/// Reads a small file of each run: for a thread beside the GUI's.
std::vector<KnownPlace> known_places(const QStringList& remembered, const QString& runs_folder);

}  // namespace rolora::widgets

Q_DECLARE_METATYPE(rolora::widgets::KnownPlace)
