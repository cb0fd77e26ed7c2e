// SPDX-License-Identifier: GPL-3.0-or-later
// Parts that figures of lines are put together from: panels, their texts, a legend that wraps.
#pragma once

#include <qcustomplot.h>

#include <vector>

#include "widgets/plots/line_look.h"

namespace rolora::widgets {

/// An axis rect with a left and a bottom axis and a faint grid, not yet in a layout.
QCPAxisRect* make_panel(QCustomPlot* plot, const PlotStyle& style);
QCPAxis* bottom_axis(QCPAxisRect* panel);
QCPAxis* left_axis(QCPAxisRect* panel);
/// Logarithmic with decades, or linear with round numbers; SI prefixes in the labels where `prefixes`.
void set_scale(QCPAxis* axis, bool logarithmic, bool prefixes = false);
void set_whole_ticks(QCPAxis* axis);
/// Ranges of all finite values with room around them; positive ones only for a logarithmic axis. A range of one value is widened.
QCPRange padded_range(const std::vector<double>& values, bool logarithmic, double padding = 0.05);

/// Panels whose plotting areas are all as wide and as tall as each other, whatever stands beside and below each.
class EvenGrid : public QCPLayoutGrid {
 protected:
  void updateLayout() override;
};

/// Lines of text above a panel, left-aligned with it; room is made in the panel's upper margin.
struct HeadLine {
  QString text;
  QFont font;
  QColor colour;
};
void set_head(QCPAxisRect* panel, const std::vector<HeadLine>& lines);
/// A colour for what calls for attention, readable on the style's ground.
QColor warning_colour(const PlotStyle& style);
/// `share` of `colour` over `ground`, opaque.
QColor blended(const QColor& colour, const QColor& ground, double share);

struct LegendEntry {
  QString text;
  LineLook look;
  bool strong = false;
};

/// One legend for all panels of a plot: a line of entries that wraps to the width there is.
class LegendBar : public QCPLayoutElement {
 public:
  LegendBar(QCustomPlot* plot, const PlotStyle& style, std::vector<LegendEntry> entries);
  QSize minimumOuterSizeHint() const override;
  QSize maximumOuterSizeHint() const override;

 protected:
  void draw(QCPPainter* painter) override;

 private:
  struct Place {
    QRectF icon;
    QPointF text;
  };
  double room() const;
  std::vector<Place> places(double width, double* height) const;
  std::vector<LegendEntry> entries_;
  QFont font_;
  QColor colour_;
  double icon_, gap_;
};

}  // namespace rolora::widgets
