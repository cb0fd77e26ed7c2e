// SPDX-License-Identifier: GPL-3.0-or-later
// A paint device that hands everything on to a painter that is already open. QCustomPlot draws only with its own painter class, and a
// figure must draw into whatever painter it is given, be it of a PDF, an SVG or the screen.
#pragma once

#include <QPaintDevice>
#include <QPaintEngine>
#include <QPainter>
#include <memory>

namespace rolora::widgets {

class PainterBridge : public QPaintDevice {
 public:
  /// `size` in the target's current coordinates. `outlines`: texts become filled paths. The target outlives the bridge, and its state is
  /// as before once the bridge is gone.
  PainterBridge(QPainter& target, QSizeF size, bool outlines = false);
  ~PainterBridge() override;
  QPaintEngine* paintEngine() const override;
  /// Of the target, where it is made of dots; 0 for vector files.
  double dots_a_unit() const;

 protected:
  int metric(PaintDeviceMetric metric) const override;

 private:
  class Engine;
  QSizeF size_;
  std::unique_ptr<Engine> engine_;
  QPainter& target_;
};

}  // namespace rolora::widgets
