// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/data/selection.h"

#include <algorithm>

namespace rolora::widgets {
namespace {

constexpr int kMostSteps = 200;
constexpr qint64 kMergedMs = 100;  // proposals of one gesture (a drag, a held key) are one step

}  // namespace

Selection with_mark(const Selection& selection, const Selection& at, bool same_group) {
  Selection out = selection;
  Mark mark{at.site, at.layer, at.channel, at.token, 2};
  int last = 1;
  for (qsizetype i = 0; i < out.marks.size(); ++i) {
    const Mark& known = out.marks[i];
    last = std::max(last, known.group);
    if (known.site != mark.site || known.layer != mark.layer || known.channel != mark.channel || known.token != mark.token) continue;
    out.marks.removeAt(i);
    return out;
  }
  mark.group = std::clamp(same_group ? last : last + 1, 2, kLastGroup);
  out.marks.append(mark);
  return out;
}

Selection clicked(const Selection& selection, const Selection& at, Qt::KeyboardModifiers modifiers) {
  if (modifiers & Qt::ShiftModifier) return with_mark(selection, at, modifiers & Qt::ControlModifier);
  Selection out = at;
  out.marks.clear();
  return out;
}

Selection at_mark(const Selection& selection, const Mark& mark) {
  Selection out = selection;
  out.site = mark.site;
  out.layer = mark.layer;
  out.channel = mark.channel;
  out.token = mark.token;
  return out;
}

SelectionModel::SelectionModel(QObject* parent) : QObject(parent) {}

bool SelectionModel::can_go_back() const { return !back_.isEmpty(); }
bool SelectionModel::can_go_forward() const { return !forward_.isEmpty(); }

void SelectionModel::propose(const Selection& proposed) {
  Selection selection = proposed;
  if (rule_) rule_(selection, current_);
  if (selection == current_) return;
  const bool merged = since_.isValid() && since_.elapsed() < kMergedMs && !back_.isEmpty();
  since_.start();
  if (!merged) {
    back_.append(current_);
    if (back_.size() > kMostSteps) back_.removeFirst();
  } else if (back_.last() == selection) {
    back_.removeLast();  // a gesture that ended where it began
  }
  forward_.clear();
  move_to(selection);
}

void SelectionModel::go_back() {
  if (back_.isEmpty()) return;
  since_.invalidate();
  forward_.append(current_);
  move_to(back_.takeLast());
}

void SelectionModel::go_forward() {
  if (forward_.isEmpty()) return;
  since_.invalidate();
  back_.append(current_);
  move_to(forward_.takeLast());
}

void SelectionModel::move_to(const Selection& selection) {
  const Selection before = current_;
  const Selection now = selection;  // listeners may propose another while they are told
  current_ = now;
  emit changed(now, before);
}

}  // namespace rolora::widgets
