// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/data/selection.h"

namespace rolora::widgets {
namespace {

constexpr int kMostSteps = 200;
constexpr qint64 kMergedMs = 100;  // proposals of one gesture (a drag, a held key) are one step

}  // namespace

SelectionModel::SelectionModel(QObject* parent) : QObject(parent) {}

bool SelectionModel::can_go_back() const { return !back_.isEmpty(); }
bool SelectionModel::can_go_forward() const { return !forward_.isEmpty(); }

void SelectionModel::propose(const Selection& selection) {
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
