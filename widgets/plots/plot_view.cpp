// SPDX-License-Identifier: GPL-3.0-or-later
// What a plot shows of its data: zoom, pan, the history of views, the crosshair.
#include <cmath>

#include "widgets/plots/plot.h"
#include "widgets/plots/plot_interaction.h"

namespace rolora::widgets {

namespace {

/// The range scaled about a coordinate; a logarithmic axis is scaled in its logarithm.
QCPRange scaled(const QCPAxis& axis, double factor, double centre) {
  const QCPRange r = axis.range();
  if (axis.scaleType() == QCPAxis::stLogarithmic && r.lower > 0 && centre > 0) {
    return QCPRange(centre * std::pow(r.lower / centre, factor), centre * std::pow(r.upper / centre, factor));
  }
  return QCPRange(centre + (r.lower - centre) * factor, centre + (r.upper - centre) * factor);
}

QCPRange shifted(const QCPAxis& axis, double from_pixel, double to_pixel) {
  const QCPRange r = axis.range();
  const double from = axis.pixelToCoord(from_pixel), to = axis.pixelToCoord(to_pixel);
  if (axis.scaleType() == QCPAxis::stLogarithmic) return to > 0 ? QCPRange(r.lower * from / to, r.upper * from / to) : r;
  return QCPRange(r.lower + from - to, r.upper + from - to);
}

}  // namespace

void Plot::change_view(const std::function<void()>& change) {
  Interaction& state = *interaction_;
  const QVector<QCPRange> before = view_ranges();
  change();
  if (view_ranges() == before) return;
  const bool merged = state.one_change || (state.last_change.isValid() && state.last_change.elapsed() < Interaction::kMergeMilliseconds);
  if (!merged || state.back.isEmpty()) {
    state.back.append(before);
    if (state.back.size() > Interaction::kMostViews) state.back.removeFirst();
  }
  state.forward.clear();
  state.last_change.restart();
  replot(rpQueuedReplot);
  emit view_changed();
}

void Plot::fit() {
  if (!has_data()) return;
  interaction_->last_change.invalidate();
  change_view([this] { set_full_ranges(); });
  interaction_->last_change.invalidate();
}

void Plot::zoom_out() {
  if (!has_data()) return;
  change_view([this] {
    for (QCPAxisRect* panel : axisRects()) {
      for (const auto direction : {Qt::Horizontal, Qt::Vertical}) {
        for (QCPAxis* axis : panel->rangeZoomAxes(direction)) {
          const QCPRange r = axis->range();
          const bool log = axis->scaleType() == QCPAxis::stLogarithmic && r.lower > 0;
          axis->setRange(limited(axis, scaled(*axis, 2, log ? std::sqrt(r.lower * r.upper) : r.center())));
        }
      }
      if (!interaction_->links.isEmpty()) break;  // the other panels follow
    }
  });
}

void Plot::previous_view() { step_history(true); }
void Plot::next_view() { step_history(false); }

void Plot::step_history(bool back) {
  Interaction& state = *interaction_;
  QVector<QVector<QCPRange>>& from = back ? state.back : state.forward;
  QVector<QVector<QCPRange>>& to = back ? state.forward : state.back;
  if (from.isEmpty() || !has_data()) return;
  const QVector<QCPRange> wanted = from.takeLast();
  to.append(view_ranges());
  set_view_ranges(wanted);
  state.last_change.invalidate();
  replot(rpQueuedReplot);
  emit view_changed();
}

void Plot::zoom_at(QPointF position, double factor, bool x, bool y) {
  QCPAxisRect* panel = axisRectAt(position);
  if (panel == nullptr || !has_data()) return;
  change_view([&] {
    if (x) {
      for (QCPAxis* axis : panel->rangeZoomAxes(Qt::Horizontal)) {
        axis->setRange(limited(axis, scaled(*axis, factor, axis->pixelToCoord(position.x()))));
      }
    }
    if (y) {
      for (QCPAxis* axis : panel->rangeZoomAxes(Qt::Vertical)) {
        axis->setRange(limited(axis, scaled(*axis, factor, axis->pixelToCoord(position.y()))));
      }
    }
  });
  show_hit({}, false);
}

void Plot::pan(QCPAxisRect* panel, QPointF from, QPointF to) {
  change_view([&] {
    for (QCPAxis* axis : panel->rangeZoomAxes(Qt::Horizontal)) axis->setRange(limited(axis, shifted(*axis, from.x(), to.x())));
    for (QCPAxis* axis : panel->rangeZoomAxes(Qt::Vertical)) axis->setRange(limited(axis, shifted(*axis, from.y(), to.y())));
  });
}

void Plot::zoom_to(QCPAxisRect* panel, const QRectF& rectangle) {
  interaction_->last_change.invalidate();
  change_view([&] {
    // A band that is thin in one direction zooms in the other one only.
    if (rectangle.width() >= 2 * reach()) {
      for (QCPAxis* axis : panel->rangeZoomAxes(Qt::Horizontal)) {
        axis->setRange(limited(axis, QCPRange(axis->pixelToCoord(rectangle.left()), axis->pixelToCoord(rectangle.right()))));
      }
    }
    if (rectangle.height() >= 2 * reach()) {
      for (QCPAxis* axis : panel->rangeZoomAxes(Qt::Vertical)) {
        axis->setRange(limited(axis, QCPRange(axis->pixelToCoord(rectangle.bottom()), axis->pixelToCoord(rectangle.top()))));
      }
    }
  });
  interaction_->last_change.invalidate();
}

void Plot::show_hit(const std::optional<Hit>& hit, bool announce) {
  Interaction& state = *interaction_;
  PlotOverlay& overlay = *state.overlay;
  const bool had = !overlay.crosses.isEmpty() || !overlay.text.isEmpty();
  overlay.crosses.clear();
  overlay.text.clear();
  state.last_hit = hit;
  if (hit) {
    QCPAxisRect* panel = hit->panel != nullptr ? hit->panel : axisRectAt(hit->position);
    overlay.crosses.append({hit->position, panel, false});
    for (QCPAxisRect* other : axisRects()) {  // panels on the same axes show the same place
      if (panel == nullptr || other == panel) continue;
      QPointF at(qQNaN(), qQNaN());
      for (const auto direction : {Qt::Horizontal, Qt::Vertical}) {
        QCPAxis* here = panel->rangeZoomAxis(direction);
        QCPAxis* there = other->rangeZoomAxis(direction);
        const bool linked = std::any_of(state.links.begin(), state.links.end(),
                                        [&](const QList<QCPAxis*>& group) { return group.contains(here) && group.contains(there); });
        if (!linked || here == nullptr || there == nullptr) continue;
        if (direction == Qt::Horizontal) at.setX(there->coordToPixel(here->pixelToCoord(hit->position.x())));
        if (direction == Qt::Vertical) at.setY(there->coordToPixel(here->pixelToCoord(hit->position.y())));
      }
      overlay.crosses.append({at, other, true});
    }
    overlay.text = hit->text;
    overlay.text_at = hit->position;
  }
  if (hit || had) redraw_overlay();
  if (hit) {
    emit hovered(*hit);
    if (announce) announce_sentence(this, hit->text);
  } else if (had) {
    emit left();
  }
}

std::optional<Hit> Plot::cursor() const {
  if (auto selected = hit_of_selection()) return selected;
  return interaction_->last_hit;
}

std::optional<Hit> Plot::stepped(int dx, int dy, bool) const {
  const QList<QCPAxisRect*> panels = axisRects();
  if (panels.isEmpty()) return {};
  const auto from = cursor();
  QCPAxisRect* panel = from && from->panel != nullptr ? from->panel : panels.front();
  const QRectF rect = panel->rect();
  QPointF at = from ? from->position : rect.center();
  while (rect.contains(at)) {
    if (auto found = hit(at); found && (!from || !(found->selection == from->selection))) return found;
    at += QPointF(dx, dy);
  }
  return {};
}

}  // namespace rolora::widgets
