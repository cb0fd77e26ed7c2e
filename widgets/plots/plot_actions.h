// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "widgets/plots/plot_keys.h"

namespace rolora::widgets {

/// Does what every plot does alike; false for what each does in its own way (cursor, selection, panning) and for no action.
template <class AnyPlot>
bool do_common_action(AnyPlot& plot, PlotAction action) {
  switch (action) {
    case PlotAction::previous_view:
      plot.previous_view();
      return true;
    case PlotAction::next_view:
      plot.next_view();
      return true;
    case PlotAction::zoom_out:
      plot.zoom_out();
      return true;
    case PlotAction::fit:
      plot.fit();
      return true;
    case PlotAction::toggle_log:
      plot.toggle_log();
      return true;
    case PlotAction::cycle_colours:
      plot.cycle_colours();
      return true;
    case PlotAction::show_table:
      emit plot.table_asked();
      return true;
    case PlotAction::layer_up:
    case PlotAction::layer_down:
      emit plot.layer_stepped(action == PlotAction::layer_up ? -1 : +1);
      return true;
    case PlotAction::climb:
      emit plot.climbed();
      return true;
    default:
      return false;
  }
}

}  // namespace rolora::widgets
