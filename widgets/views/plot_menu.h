// SPDX-License-Identifier: GPL-3.0-or-later
// The menu of the right button, the same on every plot.
#pragma once

#include <QPoint>
#include <functional>
#include <optional>

#include "widgets/data/workbench.h"
#include "widgets/plots/plot.h"
#include "widgets/plots/scaled_plot.h"
#include "widgets/views/view.h"

namespace rolora::widgets {

struct PlotMenu {
  QWidget* plot = nullptr;
  std::function<FigurePtr()> figure;
  ScaledPlot* scaled = nullptr;  ///< nullptr: without a threshold
  std::optional<Hit> hit;        ///< under the pointer
  std::optional<double> value;   ///< of the hit
};

/// Copying, threshold, layer; the window adds what exports (View::menu_opened).
void open_plot_menu(View* view, const Workbench& workbench, const PlotMenu& menu, const QPoint& global);

}  // namespace rolora::widgets
