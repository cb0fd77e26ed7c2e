// SPDX-License-Identifier: GPL-3.0-or-later
// A height field over channel × token, drawn far to near with plain polygons: the same on screen, in PDF and in SVG.
#pragma once

#include <QPainter>
#include <QPointF>
#include <QPolygonF>
#include <QRectF>
#include <QString>
#include <memory>
#include <optional>
#include <vector>

#include "widgets/base/plot_style.h"
#include "widgets/plots/heat_plot.h"

namespace rolora::widgets {

/// Degrees. The defaults are those of the figures in papers.
struct Camera {
  double azimuth = -45, elevation = 20;
  bool operator==(const Camera&) const = default;
};

/// A source pooled by maximum to at most so many channels and tokens.
struct SurfaceGrid {
  SurfaceGrid(const HeatSource& source, int most_channels, int most_tokens);
  int channels = 0, tokens = 0;
  std::vector<float> values;  ///< [tokens, channels]
  float at(int token, int channel) const { return values[static_cast<size_t>(token * channels + channel)]; }
};

/// Straight (parallel) projection of the box channel × token × height into a rectangle.
class SurfaceView {
 public:
  /// `room`: where the projected box must fit; u, v in −1 … 1, w in 0 … 1.
  SurfaceView(const Camera& camera, const QRectF& room);
  QPointF project(double u, double v, double w) const;
  double depth(double u, double v) const { return u * eye_u_ + v * eye_v_; }  ///< larger is nearer
  double upright() const { return up_w_ * scale_; }                           ///< height of the box on the screen
  bool near_u() const { return eye_u_ > 0; }                                  ///< the side u = 1 is the near one
  bool near_v() const { return eye_v_ > 0; }

 private:
  QPointF raw(double u, double v, double w) const;
  double eye_u_, eye_v_, right_u_, right_v_, up_u_, up_v_, up_w_;  // of the screen, in the box's directions
  double scale_ = 1;
  QPointF shift_;
};

struct SurfaceScene {
  std::vector<HeatPanel> panels;
  HeatScale scale;  ///< of height and colour, for all panels
  QString value_label, row_label, column_label;
  Camera camera;
  QString map = QStringLiteral("cividis");

  /// Panels side by side, or one above the other in a tall room.
  std::vector<QRectF> places(QSizeF size) const;
  /// Where the box of a panel is drawn, leaving room for its labels.
  QRectF box_room(const QRectF& place, const PlotStyle& style) const;
  double height_of(double value) const;
  /// Floor, walls and axes with their texts: drawn first.
  void paint_frame(QPainter& painter, size_t panel, const QRectF& place, const PlotStyle& style) const;
  void paint_surface(QPainter& painter, const SurfaceGrid& grid, const QRectF& box, bool paper) const;
  void paint_skirt(QPainter& painter, const SurfaceGrid& grid, const SurfaceView& view, const std::vector<QPointF>& points,
                   const HeatColours& colours, bool paper) const;
};

}  // namespace rolora::widgets
