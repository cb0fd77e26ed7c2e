// SPDX-License-Identifier: GPL-3.0-or-later
// What every view shows, as one value. Views never talk to each other: they read the selection and propose another.
#pragma once

#include <QElapsedTimer>
#include <QObject>
#include <QString>
#include <QVector>
#include <functional>
#include <optional>

#include "core/base/site.h"
#include "widgets/data/state_ref.h"

namespace rolora::widgets {

/// How two states are shown together. difference is A − B and ratio A / B, with A the baseline (before) and B the state beside it (after).
enum class Comparison { side_by_side, only_a, only_b, difference, ratio };
/// Folding moves the scale of a norm's sites, so magnitudes of plain and folded or rotated states compare as multiples of the rms.
enum class Scaling { absolute, over_rms };

/// A place kept in view beside the selected one, in a group of its own or with others: G2, G3, … (the selected place is the first).
struct Mark {
  SiteKind site = SiteKind::down_in;
  int layer = -1, channel = -1, token = -1, group = 2;
  bool operator==(const Mark&) const = default;
};

/// −1 in an index means all of them.
struct Selection {
  StateRef a;  ///< the baseline: before. Valid whenever anything is shown
  StateRef b;  ///< the state beside it: after; may be empty
  Comparison comparison = Comparison::side_by_side;
  Scaling scaling = Scaling::absolute;
  SiteKind site = SiteKind::down_in;
  int layer = -1;
  int channel = -1;
  int token = -1;                                ///< position in the text
  QString statistic = QStringLiteral("absmax");  ///< a column of the overview: absmax, mean, rms, std, kurtosis, p50, p99, p999, p9999
  bool without_first = false;                    ///< leave out the first token of each window
  QVector<Mark> marks;                           ///< by Shift+click
  bool operator==(const Selection&) const = default;
};

inline constexpr int kLastGroup = 7;  ///< as many as there are colours and shapes to tell apart
/// `selection` with the place of `at` marked: in the next group, or with `same_group` in the last one. A place that is marked already loses
/// its mark.
Selection with_mark(const Selection& selection, const Selection& at, bool same_group);
/// What a click at a place proposes: with Shift a mark in the next group, with Ctrl too in the last one; else the place, without marks.
Selection clicked(const Selection& selection, const Selection& at, Qt::KeyboardModifiers modifiers);
/// `selection` at the place of one of its marks.
Selection at_mark(const Selection& selection, const Mark& mark);

/// Holds the current selection and the ones before it.
class SelectionModel : public QObject {
  Q_OBJECT
 public:
  explicit SelectionModel(QObject* parent = nullptr);
  const Selection& current() const { return current_; }
  /// Makes it current and remembers the one before (200 of them); proposals within 100 ms are one step. Nothing happens when it is equal.
  void propose(const Selection& selection);
  /// What every proposal goes through first: `rule(proposed, current)` may complete it.
  using Rule = std::function<void(Selection& proposed, const Selection& current)>;
  void set_rule(Rule rule) { rule_ = std::move(rule); }
  bool can_go_back() const;
  bool can_go_forward() const;

 public slots:
  void go_back();
  void go_forward();

 signals:
  void changed(const rolora::widgets::Selection& now, const rolora::widgets::Selection& before);

 private:
  void move_to(const Selection& selection);
  Selection current_;
  Rule rule_;
  QVector<Selection> back_, forward_;
  QElapsedTimer since_;  // the last proposal
};

}  // namespace rolora::widgets

Q_DECLARE_METATYPE(rolora::widgets::Selection)
