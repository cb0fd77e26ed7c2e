// SPDX-License-Identifier: GPL-3.0-or-later
// The grammar of pointer and keys, the same in every plot.
#include <QGuiApplication>
#include <QNativeGestureEvent>
#include <QStyleHints>
#include <cmath>

#include "widgets/plots/plot.h"
#include "widgets/plots/plot_actions.h"
#include "widgets/plots/plot_interaction.h"

namespace rolora::widgets {

namespace {

constexpr double kWheelStep = 0.8;  // of the range, a notch

}  // namespace

bool Plot::event(QEvent* event) {
  if (claims_key(event)) return true;
  if (changes_style(*event) && interaction_ && interaction_->follows_palette && !style_.paper) {
    PlotStyle style = PlotStyle::screen(palette(), font());
    style.colours = style_.colours;
    set_style(style);
  }
  switch (event->type()) {
    case QEvent::FocusIn:
    case QEvent::FocusOut: {
      const auto reason = static_cast<QFocusEvent*>(event)->reason();
      const bool by_key = reason == Qt::TabFocusReason || reason == Qt::BacktabFocusReason || reason == Qt::ShortcutFocusReason;
      interaction_->overlay->focus_ring = event->type() == QEvent::FocusIn && by_key;
      interaction_->space = false;
      redraw_overlay();
      break;
    }
    case QEvent::NativeGesture: {
      auto* gesture = static_cast<QNativeGestureEvent*>(event);
      if (gesture->gestureType() == Qt::ZoomNativeGesture) {
        zoom_at(gesture->position(), 1 / std::max(0.1, 1 + gesture->value()), true, true);
        return true;
      }
      break;
    }
    default:
      break;
  }
  return QCustomPlot::event(event);
}

void Plot::mousePressEvent(QMouseEvent* event) {
  Interaction& state = *interaction_;
  state.overlay->focus_ring = false;
  if (!has_data() || (event->button() != Qt::LeftButton && event->button() != Qt::MiddleButton)) return;
  state.pressed_at = event->position();
  state.panned_from = state.pressed_at;
  state.panel = axisRectAt(state.pressed_at);
  state.dragged_by_middle = event->button() == Qt::MiddleButton;
  state.drag = Interaction::Drag::pressed;
  event->accept();
}

void Plot::mouseMoveEvent(QMouseEvent* event) {
  using Drag = Interaction::Drag;
  Interaction& state = *interaction_;
  if (!has_data()) return;
  const QPointF at = event->position();
  if (state.drag == Drag::none) {
    show_hit(hit(at), false);
    return;
  }
  if (state.drag == Drag::pressed) {
    if ((at - state.pressed_at).manhattanLength() < QGuiApplication::styleHints()->startDragDistance() || state.panel.isNull()) return;
    const bool pans = state.dragged_by_middle || state.space;
    state.drag = pans ? Drag::pan : (event->modifiers() & Qt::ControlModifier ? Drag::select : Drag::zoom);
    state.overlay->crosses.clear();
    state.overlay->text.clear();
    if (pans) setCursor(Qt::ClosedHandCursor);
  }
  if (state.drag == Drag::pan) {
    pan(state.panel, state.panned_from, at);
    state.one_change = true;
    state.panned_from = at;
  } else {
    state.overlay->band = QRectF(state.pressed_at, at).normalized().intersected(QRectF(state.panel->rect()));
    redraw_overlay();
  }
}

void Plot::mouseReleaseEvent(QMouseEvent* event) {
  using Drag = Interaction::Drag;
  Interaction& state = *interaction_;
  const Drag drag = std::exchange(state.drag, Drag::none);
  if (drag == Drag::none) return;
  state.one_change = false;
  if (drag == Drag::pressed) {
    if (state.dragged_by_middle || event->button() != Qt::LeftButton) return;
    if (const auto found = hit(event->position())) choose(*found, clicked(selection_, found->selection, event->modifiers()));
    return;
  }
  if (drag == Drag::pan) {
    setCursor(state.space ? Qt::OpenHandCursor : Qt::ArrowCursor);
    return;
  }
  const QRectF band = state.overlay->band.value_or(QRectF());
  state.overlay->band.reset();
  redraw_overlay();
  if (state.panel.isNull() || (band.width() < reach() && band.height() < reach())) return;
  if (drag == Drag::zoom) {
    zoom_to(state.panel, band);
  } else {
    if (const auto found = hit_in(state.panel, band)) choose(*found, clicked(selection_, found->selection, event->modifiers()));
  }
}

void Plot::choose(const Hit& hit, const Selection& wanted) {
  show_hit(hit, true);
  chosen(hit);
  if (wanted == selection_) set_selection(selection_);  // the same place by another line
  emit proposed(wanted);
}

void Plot::mouseDoubleClickEvent(QMouseEvent* event) {
  interaction_->drag = Interaction::Drag::none;
  if (event->button() != Qt::LeftButton || !has_data()) return;
  if (const auto found = hit(event->position())) emit drilled(found->selection);
}

void Plot::wheelEvent(QWheelEvent* event) {
  if (!has_data()) return;
  const QPoint turned = event->angleDelta();
  const int delta = turned.y() != 0 ? turned.y() : turned.x();  // with Alt the platform turns the axes
  if (delta == 0) return;
  const bool only_x = event->modifiers() & Qt::ControlModifier, only_y = event->modifiers() & Qt::ShiftModifier;
  zoom_at(event->position(), std::pow(kWheelStep, delta / 120.0), !only_y, !only_x);
  event->accept();
}

void Plot::leaveEvent(QEvent* event) {
  show_hit({}, false);
  QCustomPlot::leaveEvent(event);
}

void Plot::contextMenuEvent(QContextMenuEvent* event) {
  std::optional<Hit> found;
  if (has_data()) found = event->reason() == QContextMenuEvent::Keyboard ? cursor() : hit(QPointF(event->pos()));
  emit menu_asked(event->globalPos(), found.value_or(Hit{}), found.has_value());
  event->accept();
}

void Plot::keyPressEvent(QKeyEvent* event) {
  if (!act(plot_key(*event), event->isAutoRepeat())) QCustomPlot::keyPressEvent(event);
}

void Plot::keyReleaseEvent(QKeyEvent* event) {
  if (event->key() == Qt::Key_Space && !event->isAutoRepeat()) {
    interaction_->space = false;
    if (interaction_->drag != Interaction::Drag::pan) unsetCursor();
    return;
  }
  QCustomPlot::keyReleaseEvent(event);
}

/// False for keys that mean nothing here.
bool Plot::act(const PlotKey& key, bool again) {
  if (!has_data() && key.action != PlotAction::climb) return false;
  if (do_common_action(*this, key.action)) return true;
  switch (key.action) {
    case PlotAction::hold_to_pan:
      if (!again) {
        interaction_->space = true;
        setCursor(Qt::OpenHandCursor);
      }
      return true;
    case PlotAction::drill:
      if (const auto here = cursor()) emit drilled(here->selection);
      return true;
    case PlotAction::mark:
      if (const auto here = cursor()) emit proposed(with_mark(selection_, here->selection, key.same_group));
      return true;
    case PlotAction::leave:
      clear_or_fit();
      return true;
    case PlotAction::move:
      move_cursor(key);
      return true;
    default:
      return false;
  }
}

void Plot::move_cursor(const PlotKey& key) {
  if (const auto next = stepped(key.dx, key.dy, key.to_outlier)) {
    choose(*next, next->selection);
  } else if (const QString why = nothing_found(key.to_outlier); !why.isEmpty()) {
    emit told(why);
    announce_sentence(this, why);
  }
}

void Plot::clear_or_fit() {
  Interaction& state = *interaction_;
  if (state.drag != Interaction::Drag::none) {
    state.drag = Interaction::Drag::none;
    state.overlay->band.reset();
    redraw_overlay();
    return;
  }
  if (selection_.channel >= 0 || selection_.token >= 0 || !selection_.marks.isEmpty()) {
    Selection cleared = selection_;
    cleared.marks.clear();
    cleared.channel = cleared.token = -1;
    show_hit({}, false);
    emit proposed(cleared);
  } else {
    fit();
  }
}

}  // namespace rolora::widgets
