// SPDX-License-Identifier: GPL-3.0-or-later
// The outliers of all open states as one list of plain rows, and which of them in which order: found out away from the GUI thread.
#pragma once

#include <QString>
#include <QStringList>
#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "widgets/data/state_ref.h"
#include "widgets/data/statistics_store.h"

namespace rolora::widgets {

enum OutlierColumn {
  kOutlierState,
  kOutlierLayer,
  kOutlierSite,
  kOutlierChannel,
  kOutlierToken,
  kOutlierText,
  kOutlierValue,
  kOutlierRatio,
  kOutlierKurtosis,
  kOutlierDrawn,
  kOutlierColumns
};

struct OutlierRow {
  int32_t state = 0;  ///< in OutlierRows::states
  int32_t layer = 0;
  SiteKind site = SiteKind::down_in;
  int32_t channel = 0;
  int64_t token = 0;
  int32_t text = 0;  ///< in OutlierRows::texts
  float value = 0;
  float ratio = 0;     ///< |value| / median over the tokens of max |x| at the site; NaN for a median of 0
  float kurtosis = 0;  ///< of the site
  bool drawn = false;  ///< the file keeps the values of this token: Magnitude draws it
};

struct OutlierRows {
  std::vector<StateRef> states;
  QStringList titles;  ///< of the states
  QStringList texts;   ///< of tokens, each once, for the eye
  std::vector<OutlierRow> rows;
};
using OutlierRowsPtr = std::shared_ptr<const OutlierRows>;

/// Adds the largest values of one state.
void append_outliers(OutlierRows& all, const StateRef& ref, const QString& title, const StateSummary& state, bool without_first,
                     const std::vector<SiteOutliers>& top);

struct OutlierOrder {
  int column = kOutlierValue;
  bool descending = true;
  QString words;               ///< "l2 down c115 rotated": rows that have them all
  std::vector<StateRef> only;  ///< these states; empty: all
  bool drawn_only = false;     ///< rows that Magnitude draws
  bool one_a_channel = false;  ///< of each state, site and channel its largest |x| only
  bool operator==(const OutlierOrder&) const = default;
};

/// Indices of the rows that are shown, in their order; equal ones stay in the order of `rows`. NaN comes last either way. Gives up with
/// nothing once `given_up`.
std::optional<std::vector<uint32_t>> ordered(const OutlierRows& rows, const OutlierOrder& order, const std::atomic<bool>& given_up);

}  // namespace rolora::widgets
