// SPDX-License-Identifier: GPL-3.0-or-later
// Turning the surface and pointing at its peaks.
#include <QGuiApplication>
#include <QKeyEvent>
#include <QMouseEvent>
#include <QStyleHints>

#include "widgets/plots/surface_plot.h"

namespace rolora::widgets {

namespace {

constexpr double kDegreesAKey = 5;

bool is_surface_key(const QKeyEvent& event) {
  if (event.modifiers() & ~(Qt::KeypadModifier | Qt::ShiftModifier)) return false;
  switch (event.key()) {
    case Qt::Key_Left:
    case Qt::Key_Right:
    case Qt::Key_Up:
    case Qt::Key_Down:
    case Qt::Key_Home:
    case Qt::Key_L:
    case Qt::Key_C:
    case Qt::Key_T:
    case Qt::Key_PageUp:
    case Qt::Key_PageDown:
    case Qt::Key_Return:
    case Qt::Key_Enter:
    case Qt::Key_Escape:
    case Qt::Key_Backspace:
      return true;
    default:
      return false;
  }
}

}  // namespace

bool SurfacePlot::event(QEvent* event) {
  switch (event->type()) {
    case QEvent::ShortcutOverride:
      if (is_surface_key(*static_cast<QKeyEvent*>(event))) {
        event->accept();
        return true;
      }
      break;
    case QEvent::PaletteChange:
    case QEvent::FontChange: {
      PlotStyle style = PlotStyle::screen(palette(), font());
      style.colours = style_.colours;
      set_style(style);
      break;
    }
    case QEvent::Show:
      turned();
      break;
    case QEvent::FocusIn:
    case QEvent::FocusOut:
      update();
      break;
    default:
      break;
  }
  return QWidget::event(event);
}

void SurfacePlot::resizeEvent(QResizeEvent* event) {
  QWidget::resizeEvent(event);
  turned();
}

void SurfacePlot::mousePressEvent(QMouseEvent* event) {
  if (event->button() != Qt::LeftButton || scene_.panels.empty()) return;
  pressed_at_ = last_at_ = event->position();
  event->accept();
}

void SurfacePlot::mouseMoveEvent(QMouseEvent* event) {
  if (scene_.panels.empty()) return;
  if (!(event->buttons() & Qt::LeftButton)) {
    const bool had = hovered_.has_value();
    hovered_ = peak_at(event->position());
    if (hovered_) {
      Hit hit;
      hit.selection = selection_of(*hovered_);
      hit.text = text_of(*hovered_);
      hit.position = hovered_->position;
      emit hovered(hit);
    } else if (had) {
      emit left();
    }
    if (hovered_ || had) update();
    return;
  }
  if (!turning_ && (event->position() - pressed_at_).manhattanLength() < QGuiApplication::styleHints()->startDragDistance()) return;
  turning_ = true;
  setCursor(Qt::ClosedHandCursor);
  const QPointF moved = event->position() - last_at_;
  last_at_ = event->position();
  const double degrees = 180.0 / std::max(1, std::min(width(), height()));  // across the widget is half a turn
  Camera camera = scene_.camera;
  camera.azimuth -= moved.x() * degrees;
  camera.elevation += moved.y() * degrees;
  set_camera(camera);
}

void SurfacePlot::mouseReleaseEvent(QMouseEvent* event) {
  if (event->button() != Qt::LeftButton) return;
  if (turning_) {
    turning_ = false;
    unsetCursor();
    turned();
  } else if (const auto peak = peak_at(event->position())) {
    emit proposed(clicked(selection_, selection_of(*peak), event->modifiers()));
  }
}

void SurfacePlot::mouseDoubleClickEvent(QMouseEvent* event) {
  if (const auto peak = peak_at(event->position()); peak && event->button() == Qt::LeftButton) emit drilled(selection_of(*peak));
}

void SurfacePlot::keyPressEvent(QKeyEvent* event) {
  Camera camera = scene_.camera;
  switch (is_surface_key(*event) ? event->key() : 0) {
    case Qt::Key_Left:
      camera.azimuth += kDegreesAKey;
      break;
    case Qt::Key_Right:
      camera.azimuth -= kDegreesAKey;
      break;
    case Qt::Key_Up:
      camera.elevation += kDegreesAKey;
      break;
    case Qt::Key_Down:
      camera.elevation -= kDegreesAKey;
      break;
    case Qt::Key_Home:
      camera = Camera{};
      break;
    case Qt::Key_L:
      toggle_log();
      return;
    case Qt::Key_C:
      cycle_colours();
      return;
    case Qt::Key_T:
      emit table_asked();
      return;
    case Qt::Key_PageUp:
      emit layer_stepped(-1);
      return;
    case Qt::Key_PageDown:
      emit layer_stepped(+1);
      return;
    case Qt::Key_Backspace:
      emit climbed();
      return;
    case Qt::Key_Return:
    case Qt::Key_Enter:
      if (const auto peak = selected_peak()) emit drilled(selection_of(*peak));
      return;
    case Qt::Key_Escape: {
      Selection cleared = selection_;
      cleared.token = cleared.channel = -1;
      if (cleared == selection_) {
        reset_camera();
      } else {
        emit proposed(cleared);
      }
      return;
    }
    default:
      QWidget::keyPressEvent(event);
      return;
  }
  set_camera(camera);
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
  emit menu_asked(event->globalPos());
  event->accept();
}

}  // namespace rolora::widgets
