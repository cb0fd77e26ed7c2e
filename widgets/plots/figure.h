// SPDX-License-Identifier: GPL-3.0-or-later
// Anything that can be put on paper: a plot with its data and ranges frozen.
#pragma once

#include <QPainter>
#include <QSizeF>
#include <QString>
#include <QStringList>
#include <memory>
#include <vector>

#include "widgets/base/plot_style.h"

namespace rolora::widgets {

/// The numbers that a figure shows, for CSV and the clipboard. Cells are texts that read back exactly.
struct FigureTable {
  QStringList columns;
  std::vector<QStringList> rows;
};

class Figure {
 public:
  virtual ~Figure() = default;
  virtual QString name() const = 0;     ///< of its files: "overview-down_in-absmax-plain-rotated"
  virtual QString caption() const = 0;  ///< model, site, tokens, statistic, seed, in sentences
  virtual double height_to_width() const { return 0.62; }
  virtual FigureTable table() const = 0;  ///< exactly what is visible
  /// May paint() be called on any thread? A plot is a widget and may not; what is made of plain values may.
  virtual bool paints_anywhere() const { return false; }
  /// Draws into (0, 0, size) of a painter whose unit is one point. Texts as text, lines as lines, heat maps as one lossless image.
  virtual void paint(QPainter& painter, QSizeF size, const PlotStyle& style) const = 0;
};

using FigurePtr = std::shared_ptr<const Figure>;

}  // namespace rolora::widgets
