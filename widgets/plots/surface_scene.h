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
#include <utility>
#include <vector>

#include "widgets/base/plot_style.h"
#include "widgets/plots/heat_plot.h"
#include "widgets/plots/surface_pieces.h"

namespace rolora::widgets {

/// Degrees. The defaults are those of the figures in papers.
struct Camera {
  double azimuth = -45, elevation = 20;
  bool operator==(const Camera&) const = default;
};

CellBlock all_cells(const HeatSource& source);

/// Cells of a source pooled to at most so many channels and tokens: the value of largest magnitude of each block, with its sign.
struct SurfaceGrid {
  SurfaceGrid(const HeatSource& source, int most_channels, int most_tokens)
      : SurfaceGrid(source, all_cells(source), most_channels, most_tokens) {}
  SurfaceGrid(const HeatSource& source, const CellBlock& cells, int most_channels, int most_tokens);
  CellBlock cells;
  int channels = 0, tokens = 0;
  std::vector<float> values;  ///< [tokens, channels]
  float at(int token, int channel) const { return values[static_cast<size_t>(token * channels + channel)]; }
  /// Of the source, that a grid point stands for.
  CellBlock block(const HeatSource& source, int token, int channel) const;
  /// {tokens, channels} of a quad, as a badge says it.
  std::pair<int64_t, int64_t> pooled() const;
};

/// Straight (parallel) projection of the box channel × token × height into a rectangle.
class SurfaceView {
 public:
  /// `room`: where the projected box must fit; u, v in −1 … 1, w in 0 … 1.
  SurfaceView(const Camera& camera, const QRectF& room);
  QPointF project(double u, double v, double w) const;
  /// {u, v} of the floor under a position.
  QPointF floor_at(QPointF position) const;
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
  HeatScale scale;  ///< of height and colour, for all panels; a signed one has its zero half way up
  CellBlock shown;  ///< of every panel
  QString value_label, row_label, column_label;
  Camera camera;
  QString map = QStringLiteral("cividis");
  QColor out_of_range = Qt::magenta;

  /// Panels side by side, or one above the other in a tall room.
  std::vector<QRectF> places(QSizeF size) const;
  /// Where the box of a panel is drawn, leaving room for its labels.
  QRectF box_room(const QRectF& place, const PlotStyle& style) const;
  double height_of(double value) const;
  /// Of zero: the floor, or half way up.
  double ground() const { return scale.is_signed ? 0.5 : 0; }
  HeatColours colours() const;
  /// Floor, walls and axes with their texts: drawn first. `pooled`: of the grid that is drawn on it.
  void paint_frame(QPainter& painter, size_t panel, const QRectF& place, const PlotStyle& style, std::pair<int64_t, int64_t> pooled) const;
  /// For the screen while it moves: polygons of one colour each, edges not smoothed.
  void paint_moving(QPainter& painter, const SurfaceGrid& grid, const QRectF& box) const;
  /// For the screen: every polygon, spikes with gradients.
  void paint_surface(QPainter& painter, const SurfaceGrid& grid, const QRectF& box) const;
  /// For paper: far to near, one colour each, what is hidden left out.
  std::vector<SurfacePiece> pieces(const SurfaceGrid& grid, const QRectF& box) const;

 private:
  struct Mesh;
  void paint_title(QPainter& painter, size_t panel, const QRectF& place, const PlotStyle& style, std::pair<int64_t, int64_t> pooled) const;
  void paint_floor(QPainter& painter, const SurfaceView& view, const QRectF& place, const PlotStyle& style) const;
  void paint_heights(QPainter& painter, const SurfaceView& view, const QRectF& place, const PlotStyle& style) const;
  /// The walls down to the ground along the two near sides, so that the surface does not float.
  std::vector<SurfacePiece> skirt(const Mesh& mesh) const;
};

}  // namespace rolora::widgets
