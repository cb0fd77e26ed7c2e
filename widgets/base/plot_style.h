// SPDX-License-Identifier: GPL-3.0-or-later
// Everything about a plot's looks that is not its data, so that the same plot is drawn on a dark screen and on white paper.
#pragma once

#include <QColor>
#include <QFont>
#include <QPalette>
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

  /// Follows the application's palette and font.
  static PlotStyle screen(const QPalette& palette, const QFont& font);
  /// White ground; sizes in points as they come out on paper.
  static PlotStyle on_paper(const QString& family = {}, double tick_points = 7, double label_points = 8, double line_points = 1);
};

}  // namespace rolora::widgets
