// SPDX-License-Identifier: GPL-3.0-or-later
// Turning the surface and pointing at its peaks.
#include <QGuiApplication>
#include <QKeyEvent>
#include <QMouseEvent>
#include <QStyleHints>
#include <cmath>
#include <utility>

#include "widgets/plots/plot_actions.h"
#include "widgets/plots/surface_plot.h"

namespace rolora::widgets {

bool SurfacePlot::event(QEvent* event) {
  if (claims_key(event)) return true;
  if (changes_style(*event)) {
    PlotStyle style = PlotStyle::screen(palette(), font());
    style.colours = style_.colours;
    set_style(style);
  } else if (event->type() == QEvent::Show) {
    turned();
  } else if (event->type() == QEvent::FocusIn || event->type() == QEvent::FocusOut) {
    space_ = false;
    update();
  } else if (event->type() == QEvent::KeyRelease && static_cast<QKeyEvent*>(event)->key() == Qt::Key_Space) {
    space_ = false;
    unsetCursor();
  }
  return QWidget::event(event);
}

void SurfacePlot::resizeEvent(QResizeEvent* event) {
  QWidget::resizeEvent(event);
  turned();
}

void SurfacePlot::mousePressEvent(QMouseEvent* event) {
  if ((event->button() != Qt::LeftButton && event->button() != Qt::MiddleButton) || scene_.panels.empty()) return;
  pressed_at_ = last_at_ = event->position();
  panning_ = event->button() == Qt::MiddleButton || space_;
  event->accept();
}

void SurfacePlot::mouseMoveEvent(QMouseEvent* event) {
  if (scene_.panels.empty()) return;
  if (!(event->buttons() & (Qt::LeftButton | Qt::MiddleButton))) {
    const bool had = hovered_.has_value();
    hovered_ = peak_at(event->position());
    if (hovered_) {
      emit hovered(hit_of(*hovered_));
    } else if (had) {
      emit left();
    }
    if (hovered_ || had) update();
    return;
  }
  if (!turning_ && (event->position() - pressed_at_).manhattanLength() < QGuiApplication::styleHints()->startDragDistance()) return;
  turning_ = true;
  setCursor(Qt::ClosedHandCursor);
  const QPointF moved = event->position() - last_at_, before = last_at_;
  last_at_ = event->position();
  if (panning_) return pan(before, last_at_);
  const double degrees = 180.0 / std::max(1, std::min(width(), height()));  // across the widget is half a turn
  Camera camera = scene_.camera;
  camera.azimuth -= moved.x() * degrees;
  camera.elevation += moved.y() * degrees;
  set_camera(camera);
}

void SurfacePlot::mouseReleaseEvent(QMouseEvent* event) {
  if (event->button() != Qt::LeftButton && event->button() != Qt::MiddleButton) return;
  const bool pans = std::exchange(panning_, false);
  if (turning_) {
    turning_ = false;
    unsetCursor();
    turned();
  } else if (pans) {
    return;
  } else if (const auto peak = peak_at(event->position())) {
    emit proposed(clicked(selection_, selection_of(*peak), event->modifiers()));
  }
}

void SurfacePlot::mouseDoubleClickEvent(QMouseEvent* event) {
  if (const auto peak = peak_at(event->position()); peak && event->button() == Qt::LeftButton) emit drilled(selection_of(*peak));
}

void SurfacePlot::wheelEvent(QWheelEvent* event) {
  constexpr double kWheelStep = 0.8;  // of the range, a notch
  const QPoint turned_by = event->angleDelta();
  const int delta = turned_by.y() != 0 ? turned_by.y() : turned_by.x();
  if (scene_.panels.empty() || delta == 0) return;
  const bool only_channels = event->modifiers() & Qt::ControlModifier, only_tokens = event->modifiers() & Qt::ShiftModifier;
  zoom(event->position(), std::pow(kWheelStep, delta / 120.0), !only_tokens, !only_channels);
  event->accept();
}

void SurfacePlot::keyPressEvent(QKeyEvent* event) {
  if (!act(plot_key(*event))) QWidget::keyPressEvent(event);
}

bool SurfacePlot::act(const PlotKey& key) {
  if (do_common_action(*this, key.action)) return true;
  switch (key.action) {
    case PlotAction::fit_scale:
      fit_scale_to_visible();
      return true;
    case PlotAction::fit_percentiles:
      fit_scale_percentiles();
      return true;
    case PlotAction::hold_to_pan:
      space_ = true;
      setCursor(Qt::OpenHandCursor);
      return true;
    case PlotAction::drill:
      if (const auto peak = selected_peak()) emit drilled(selection_of(*peak));
      return true;
    case PlotAction::mark:
      if (const auto peak = selected_peak()) emit proposed(with_mark(selection_, selection_of(*peak), key.same_group));
      return true;
    case PlotAction::leave: {
      Selection cleared = selection_;
      cleared.token = cleared.channel = -1;
      cleared == selection_ ? fit() : emit proposed(cleared);
      return true;
    }
    case PlotAction::move:
      move_cursor(key);
      return true;
    default:
      return false;
  }
}

void SurfacePlot::leaveEvent(QEvent* event) {
  if (hovered_) {
    hovered_.reset();
    update();
    emit left();
  }
  QWidget::leaveEvent(event);
}

void SurfacePlot::contextMenuEvent(QContextMenuEvent* event) {
  const auto peak = event->reason() == QContextMenuEvent::Keyboard ? selected_peak() : peak_at(QPointF(event->pos()));
  emit menu_asked(event->globalPos(), peak ? hit_of(*peak) : Hit{}, peak.has_value());
  event->accept();
}

}  // namespace rolora::widgets
