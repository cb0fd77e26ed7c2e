// SPDX-License-Identifier: GPL-3.0-or-later
// Everything about a plot's looks that is not its data, so that the same plot is drawn on a dark screen and on white paper.
#pragma once

#include <qcustomplot.h>

#include <QColor>
#include <QFont>
#include <QPalette>
#include <QPen>
#include <QString>
#include <vector>

namespace rolora::widgets {

/// Sizes are in plot units: logical pixels on screen, points on paper (one unit = 1/72 in there). Fonts carry pixel sizes.
struct PlotStyle {
  QFont tick_font, label_font, title_font;
  double line_width = 1.5, axis_width = 1, grid_width = 0.5, marker_size = 5, spacing = 6;
  QColor background, text, faint_text, axis, grid, highlight;
  QColor out_of_range;                          ///< marks clipped values of a colour scale
  std::vector<QColor> series;                   ///< distinct without colour vision too, together with dashes and markers
  QString colours = QStringLiteral("cividis");  ///< of magnitudes (base/colour_map.h)
  bool paper = false;

  bool operator==(const PlotStyle&) const = default;
  /// The pen of the i-th series: its colour and a dash pattern of its own. Colours and dashes repeat together after series.size().
  QPen series_pen(size_t index) const;
  /// A marker of the i-th series: colour, and a shape of its own.
  QCPScatterStyle series_marker(size_t index) const;
  /// A pen for axes and ticks, and one for grid lines.
  QPen axis_pen() const { return QPen(axis, axis_width); }
  QPen grid_pen() const { return QPen(grid, grid_width); }
  /// Follows the application's palette and font.
  static PlotStyle screen(const QPalette& palette, const QFont& font);
  /// White ground; sizes in points as they come out on paper.
  static PlotStyle on_paper(const QString& family = {}, double tick_points = 7, double label_points = 8, double line_points = 1);
};

}  // namespace rolora::widgets
