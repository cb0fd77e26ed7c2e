// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/plots/plot_keys.h"

#include <optional>
#include <utility>

namespace rolora::widgets {

namespace {

std::optional<std::pair<int, int>> arrow(int key) {
  switch (key) {
    case Qt::Key_Left:
      return std::pair(-1, 0);
    case Qt::Key_Right:
      return std::pair(1, 0);
    case Qt::Key_Up:
      return std::pair(0, -1);
    case Qt::Key_Down:
      return std::pair(0, 1);
    default:
      return std::nullopt;
  }
}

PlotAction plain_action(int key, bool shift) {
  switch (key) {
    case Qt::Key_B:
      return shift ? PlotAction::next_view : PlotAction::previous_view;
    case Qt::Key_O:
      return PlotAction::zoom_out;
    case Qt::Key_Home:
      return PlotAction::fit;
    case Qt::Key_L:
      return PlotAction::toggle_log;
    case Qt::Key_C:
      return PlotAction::cycle_colours;
    case Qt::Key_F:
      return PlotAction::fit_scale;
    case Qt::Key_P:
      return PlotAction::fit_percentiles;
    case Qt::Key_T:
      return PlotAction::show_table;
    case Qt::Key_Space:
      return PlotAction::hold_to_pan;
    case Qt::Key_PageUp:
      return PlotAction::layer_up;
    case Qt::Key_PageDown:
      return PlotAction::layer_down;
    case Qt::Key_Return:
    case Qt::Key_Enter:
      return shift ? PlotAction::mark : PlotAction::drill;
    case Qt::Key_Escape:
      return PlotAction::leave;
    case Qt::Key_Backspace:
      return PlotAction::climb;
    default:
      return PlotAction::none;
  }
}

}  // namespace

PlotKey plot_key(const QKeyEvent& event) {
  const auto modifiers = event.modifiers() & ~(Qt::KeypadModifier | Qt::ShiftModifier);
  const bool shift = event.modifiers() & Qt::ShiftModifier, control = modifiers == Qt::ControlModifier;
  if (const auto way = arrow(event.key())) {
    if (modifiers == Qt::AltModifier && way->first != 0) return {way->first < 0 ? PlotAction::previous_view : PlotAction::next_view};
    if (modifiers != Qt::NoModifier && !control) return {};
    return {PlotAction::move, way->first, way->second, control, false};
  }
  const PlotAction action = plain_action(event.key(), shift);
  if (action == PlotAction::mark && control) return {action, 0, 0, false, true};
  return modifiers == Qt::NoModifier ? PlotKey{action} : PlotKey{};
}

bool claims_key(QEvent* event) {
  if (event->type() != QEvent::ShortcutOverride) return false;
  if (plot_key(*static_cast<QKeyEvent*>(event)).action == PlotAction::none) return false;
  event->accept();
  return true;
}

bool changes_style(const QEvent& event) {
  return event.type() == QEvent::PaletteChange || event.type() == QEvent::ApplicationPaletteChange || event.type() == QEvent::FontChange;
}

}  // namespace rolora::widgets
