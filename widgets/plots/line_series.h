// SPDX-License-Identifier: GPL-3.0-or-later
// Lines and steps that cut themselves to their panel: Qt's SVG writer knows no clipping, and a line that leaves the panel on paper would
// be drawn over its neighbours. Many points a pixel are drawn as first, least, largest and last of the pixel, so no extreme is lost.
#pragma once

#include <qcustomplot.h>

#include <vector>

#include "widgets/plots/line_look.h"

namespace rolora::widgets {

/// A line through points of ascending key; a NaN interrupts it.
class LineSeries : public QCPAbstractPlottable {
 public:
  LineSeries(QCPAxis* key, QCPAxis* value, const LineLook& look);
  void set_points(std::vector<double> keys, std::vector<double> values);
  const std::vector<double>& keys() const { return keys_; }
  const std::vector<double>& values() const { return values_; }
  const LineLook& look() const { return look_; }

  double selectTest(const QPointF& position, bool only_selectable, QVariant* details = nullptr) const override;
  QCPRange getKeyRange(bool& found, QCP::SignDomain domain = QCP::sdBoth) const override;
  QCPRange getValueRange(bool& found, QCP::SignDomain domain = QCP::sdBoth, const QCPRange& keys = QCPRange()) const override;

 protected:
  QRect clipRect() const override;
  void draw(QCPPainter* painter) override;
  void drawLegendIcon(QCPPainter* painter, const QRectF& rect) const override;

 private:
  QVector<QPointF> visible_pixels() const;
  void draw_markers(QCPPainter* painter, const QRectF& panel) const;
  std::vector<double> keys_, values_;
  LineLook look_;
};

/// Counts over neighbouring bins [edges[i], edges[i+1]), drawn as filled steps that stand on `base`. Bins of 0 are not drawn.
class StepSeries : public QCPAbstractPlottable {
 public:
  StepSeries(QCPAxis* key, QCPAxis* value, const LineLook& look);
  /// edges has one value more than heights; what stands below `base` is drawn down to the panel's lower edge.
  void set_steps(std::vector<double> edges, std::vector<double> heights, double base);

  double selectTest(const QPointF& position, bool only_selectable, QVariant* details = nullptr) const override;
  QCPRange getKeyRange(bool& found, QCP::SignDomain domain = QCP::sdBoth) const override;
  QCPRange getValueRange(bool& found, QCP::SignDomain domain = QCP::sdBoth, const QCPRange& keys = QCPRange()) const override;

 protected:
  void draw(QCPPainter* painter) override;
  void drawLegendIcon(QCPPainter* painter, const QRectF& rect) const override;

 private:
  std::vector<double> edges_, heights_;
  double base_ = 0;
  LineLook look_;
};

/// The part of a line inside a rectangle; false when there is none (Liang and Barsky).
bool cut_line(const QRectF& rect, QPointF& from, QPointF& to);

}  // namespace rolora::widgets
