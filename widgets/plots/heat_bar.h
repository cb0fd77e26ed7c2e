// SPDX-License-Identifier: GPL-3.0-or-later
// Parts of a heat map plot: the ticks of its colour bar and of its rows, its marks, its table, the scale that fits its values.
#pragma once

#include <qcustomplot.h>

#include <vector>

#include "widgets/plots/heat_plot.h"

namespace rolora::widgets {

/// The colour bar's axis runs from 0 to 1; the labels say the values.
class HeatBarTicker : public QCPAxisTicker {
 public:
  explicit HeatBarTicker(const HeatScale& scale) : scale_(scale) {}
  void generate(const QCPRange& range, const QLocale& locale, QChar format, int precision, QVector<double>& ticks,
                QVector<double>* sub_ticks, QVector<QString>* labels) override;

 private:
  HeatScale scale_;
};

/// Ticks at whole numbers, thousands grouped.
class WholeTicker : public QCPAxisTicker {
 protected:
  double getTickStep(const QCPRange& range) override { return std::max(1.0, QCPAxisTicker::getTickStep(range)); }
  int getSubTickCount(double) override { return 0; }
  QString getTickLabel(double tick, const QLocale&, QChar, int) override;
};

/// From the least usual to the largest magnitude of all panels: the first percentile (the median where a panel says so) to the maximum, at
/// most sixteen powers of two. Ratios end at the 99.9 % quantile of |log2|: few cells divide by next to nothing, and they are marked.
HeatScale fitted_scale(const HeatScale& kind, const std::vector<HeatPanel>& panels);
/// From one quantile of these magnitudes to another; `kind` itself where there are none.
HeatScale scale_over(const HeatScale& kind, std::vector<float> magnitudes, double low, double high);
/// From which magnitude on a value stands out where nobody said one: ten times the median of what is shown; where nothing reaches that, the
/// 99.9 % quantile.
double usual_threshold(const std::vector<HeatPanel>& panels);
/// A range of a single value becomes one that can be drawn.
HeatScale widened(HeatScale scale);
/// A ring around a cell, or lines along a row or column (the other index −1).
void mark_cell(HeatMap* map, int64_t row, int64_t column, const PlotStyle& style, QCPLayer* layer);
/// A small triangle beside the bar, pointing at a position.
void mark_threshold(QCPColorScale* bar, double position, const PlotStyle& style, QCPLayer* layer);
void mark_bar(QCPColorScale* bar, double position, const PlotStyle& style, QCPLayer* layer);
/// One line a cell. Beyond a million cells, the largest cell of each block of neighbours.
FigureTable heat_table(const HeatContents& contents, const CellBlock& visible, const QString& row_name);

}  // namespace rolora::widgets
