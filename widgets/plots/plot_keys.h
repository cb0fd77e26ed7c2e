// SPDX-License-Identifier: GPL-3.0-or-later
// What a key means in a plot: one table for every plot, flat or turned. Each plot does of it what it can.
#pragma once

#include <QEvent>
#include <QKeyEvent>

namespace rolora::widgets {

enum class PlotAction {
  none,
  previous_view,
  next_view,
  zoom_out,
  fit,
  toggle_log,
  cycle_colours,
  fit_scale,
  fit_percentiles,
  show_table,
  hold_to_pan,
  layer_up,
  layer_down,
  drill,
  mark,
  leave,  ///< Escape: what is half done, the selection, the zoom
  climb,
  move,
};

struct PlotKey {
  PlotAction action = PlotAction::none;
  int dx = 0, dy = 0;       ///< of move
  bool to_outlier = false;  ///< move: to the next value above the threshold
  bool same_group = false;  ///< mark: in the last group
};

/// A plot takes these even where the window has a shortcut of the same name.
PlotKey plot_key(const QKeyEvent& event);
/// Accepts a ShortcutOverride of such a key; false for every other event.
bool claims_key(QEvent* event);
/// The palette or font changed, which the plot's style follows.
bool changes_style(const QEvent& event);

}  // namespace rolora::widgets
