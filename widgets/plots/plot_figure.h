// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "widgets/plots/plot.h"

namespace rolora::widgets {

/// A plot with its data and ranges frozen, to be drawn at any size in any style. Lives on the GUI thread.
class PlotFigure : public Figure {
 public:
  PlotFigure(std::unique_ptr<Plot> plot, QVector<QCPRange> ranges);
  ~PlotFigure() override;
  QString name() const override;
  QString caption() const override;
  double height_to_width() const override;
  FigureTable table() const override;
  void paint(QPainter& painter, QSizeF size, const PlotStyle& style) const override;

 private:
  std::unique_ptr<Plot> plot_;
  QVector<QCPRange> ranges_;
};

}  // namespace rolora::widgets
