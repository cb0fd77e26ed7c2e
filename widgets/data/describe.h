// SPDX-License-Identifier: GPL-3.0-or-later
// What is selected, in words: for the status bar, screen readers, captions and the clipboard. The one place that makes these words.
#pragma once

#include <QObject>
#include <QString>
#include <optional>

#include "widgets/data/selection.h"
#include "widgets/data/statistics_store.h"
#include "widgets/data/workbench.h"

namespace rolora::widgets {

/// "story · rotated (seed 0) vs plain · layer 2 · down_proj input · channel 115 · absmax 87.96 (184× median)". Values that are not in
/// memory are left out (SelectionSentence asks for them).
QString describe(const Selection& selection, const Workbench& workbench);

/// The number under a selection in one of its states, where it is in memory. Of all layers it is the largest one, as a
/// multiple of the layer's rms where the selection compares so.
struct SelectedValue {
  QString statistic;    ///< "absmax", "kurtosis", "value"
  double value = 0;     ///< as the file has it
  double ratio = 0;     ///< |value| / median over the tokens of max |x| at this site; NaN where that says nothing
  double over_rms = 0;  ///< |value| / rms of the whole site; NaN where that says nothing
  int layer = -1;       ///< where all layers are selected: the one the value is of
};
std::optional<SelectedValue> selected_value(const Selection& selection, const StateRef& state, const StatisticsStore& store);

/// Whether a statistic is a magnitude, so that its ratio to a median or to the rms says something.
bool is_magnitude(const QString& statistic);

QString site_title(SiteKind site);               ///< "down_proj input"
QString statistic_title(const QString& name);    ///< "99.9 % quantile of |x|" of "p999"
QString state_title(const StateSummary& state);  ///< "rotated (seed 0) + LoRA"
QString state_title(const StateRef& state, const StatisticsStore& store);
/// What a run is called: its folder's name, since two runs of one job share the job's; with the folder above it where two of `folders`
/// share that too.
QString run_title(const QString& folder, const QStringList& folders = {});
/// The run that a file belongs to, or the file's name.
QString source_title(const QString& file, const Workbench& workbench);
/// A tokenizer's piece for the eye: "▁the" → "␣the", a line break → "↵".
QString readable_piece(const QString& piece);
/// "token 13 “␣the”", without the text where the file does not name it.
QString token_title(const StatisticsSummary* summary, int token);

/// Follows the selection, asks the store for the value under it, and says the sentence when it is known.
class SelectionSentence : public QObject {
  Q_OBJECT
 public:
  explicit SelectionSentence(const Workbench& workbench, QObject* parent = nullptr);
  const QString& current() const { return sentence_; }

 signals:
  void changed(const QString& sentence);

 private:
  void ask();
  void ask_for(const StateRef& state);
  void say();
  Workbench workbench_;
  QString sentence_;
};

}  // namespace rolora::widgets
