// SPDX-License-Identifier: GPL-3.0-or-later
// Above a distribution, one rail a state: marks at the quantiles and the largest value, each with its name and number, set apart where they
// would overlap and led to their place by a line.
#pragma once

#include <qcustomplot.h>

#include <QString>
#include <vector>

#include "widgets/plots/line_look.h"

namespace rolora::widgets {

struct RailMark {
  QString name;  ///< "p99.9"
  double value = 0;
  QString text;  ///< "2.24"
};

struct Rail {
  QString name, remark;  ///< "A  plain"; "zeros 0.02 %"
  LineLook look;
  std::vector<RailMark> marks;  ///< ascending values; earlier names are left out first where there is no room
};

/// Centres of labels of these widths as near to `wanted` (ascending) as they can be without overlap inside [left, right]: least squares of
/// the movements. Empty when they do not fit.
std::vector<double> spread_labels(const std::vector<double>& wanted, const std::vector<double>& widths, double left, double right,
                                  double gap);

class QuantileRails : public QCPAbstractItem {
 public:
  /// Makes room in the panel's upper margin.
  QuantileRails(QCPAxisRect* panel, const PlotStyle& style, std::vector<Rail> rails);
  double selectTest(const QPointF&, bool, QVariant*) const override { return -1; }

 protected:
  void draw(QCPPainter* painter) override;

 private:
  double rail_height() const;
  double draw_name(QCPPainter* painter, const Rail& rail, double top) const;
  void draw_rail(QCPPainter* painter, const Rail& rail, double top) const;
  void draw_labels(QCPPainter* painter, const Rail& rail, std::vector<RailMark> marks, double left, double top) const;
  QPointer<QCPAxisRect> panel_;
  PlotStyle style_;
  std::vector<Rail> rails_;
};

}  // namespace rolora::widgets
