// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/plots/surface_scene.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

namespace rolora::widgets {

namespace {

/// Of the box, whose sides are 2: as much as the room has above the floor, seen as papers show it. It does not change while it is turned.
double box_height(const QRectF& room) {
  const double across = 2 * std::numbers::sqrt2, e = Camera{}.elevation * std::numbers::pi / 180;
  return std::clamp((room.height() / std::max(1.0, room.width()) * across - across * std::sin(e)) / std::cos(e), 0.7, 1.9);
}

double side(int at, int count) { return count > 1 ? 2.0 * at / (count - 1) - 1 : 0; }

constexpr double kSteep = 0.06;  // of the box's height within one polygon: beyond it one colour would not do
constexpr double kSpike = 0.2;   // the same on paper, where every colour costs bytes, and while it moves, where it costs time

HeatWindow window_of(const CellBlock& cells, int channels, int tokens) {
  return {static_cast<double>(cells.column_begin),
          static_cast<double>(cells.column_end),
          static_cast<double>(cells.row_begin),
          static_cast<double>(cells.row_end),
          channels,
          tokens};
}

QRgb darker(QRgb colour) { return QColor(colour).darker(118).rgb(); }

}  // namespace

CellBlock all_cells(const HeatSource& source) { return {0, source.rows(), 0, source.columns()}; }

SurfaceGrid::SurfaceGrid(const HeatSource& source, const CellBlock& block, int most_channels, int most_tokens) : cells(block) {
  channels = static_cast<int>(std::min<int64_t>(most_channels, cells.column_end - cells.column_begin));
  tokens = static_cast<int>(std::min<int64_t>(most_tokens, cells.row_end - cells.row_begin));
  const std::vector<int32_t> keys = HeatGrid(source, window_of(cells, channels, tokens)).pool(std::atomic<bool>(false));
  values.reserve(keys.size());
  for (const int32_t key : keys) {
    const auto v = static_cast<float>(HeatSource::value_of(key, source.has_sign()) * source.factor());
    values.push_back(std::isnan(v) ? 0 : source.has_sign() ? v : std::fabs(v));
  }
}

CellBlock SurfaceGrid::block(const HeatSource& source, int token, int channel) const {
  return HeatGrid(source, window_of(cells, channels, tokens)).block(channel, token);
}

std::pair<int64_t, int64_t> SurfaceGrid::pooled() const {
  const auto share = [](int64_t of, int parts) { return parts > 0 ? (of + parts - 1) / parts : 1; };
  return {share(cells.row_end - cells.row_begin, tokens), share(cells.column_end - cells.column_begin, channels)};
}

SurfaceView::SurfaceView(const Camera& camera, const QRectF& room) {
  const double a = camera.azimuth * std::numbers::pi / 180, e = camera.elevation * std::numbers::pi / 180;
  eye_u_ = std::cos(a);
  eye_v_ = std::sin(a);
  right_u_ = -std::sin(a);
  right_v_ = std::cos(a);
  up_u_ = -std::sin(e) * std::cos(a);
  up_v_ = -std::sin(e) * std::sin(a);
  up_w_ = std::cos(e) * box_height(room);
  QRectF box;
  for (const double u : {-1.0, 1.0}) {
    for (const double v : {-1.0, 1.0}) {
      for (const double w : {0.0, 1.0}) {
        const QPointF p = raw(u, v, w);
        if (box.isNull()) box = QRectF(p, QSizeF(1e-9, 1e-9));
        box.setCoords(std::min(box.left(), p.x()), std::min(box.top(), p.y()), std::max(box.right(), p.x()), std::max(box.bottom(), p.y()));
      }
    }
  }
  scale_ = std::min(room.width() / box.width(), room.height() / box.height());
  shift_ = room.center() - box.center() * scale_;
}

QPointF SurfaceView::raw(double u, double v, double w) const { return {u * right_u_ + v * right_v_, -(u * up_u_ + v * up_v_ + w * up_w_)}; }

QPointF SurfaceView::project(double u, double v, double w) const { return raw(u, v, w) * scale_ + shift_; }

QPointF SurfaceView::floor_at(QPointF position) const {
  const QPointF p = (position - shift_) / scale_;
  const double det = -right_u_ * up_v_ + right_v_ * up_u_;  // of [right; −up] over u and v
  return {(-p.x() * up_v_ - p.y() * right_v_) / det, (p.y() * right_u_ + p.x() * up_u_) / det};
}

double SurfaceScene::height_of(double value) const {
  const double at = scale.position(value);
  return std::isnan(at) ? ground() : std::clamp(at, 0.0, 1.0);
}

HeatColours SurfaceScene::colours() const { return HeatColours(scale, 1, map, out_of_range); }

/// A grid with its projected corners, and one polygon of it after the other from far to near.
struct SurfaceScene::Mesh {
  Mesh(const SurfaceScene& scene, const SurfaceGrid& surface_grid, const QRectF& box)
      : grid(surface_grid), view(scene.camera, box), points(surface_grid.values.size()), heights(surface_grid.values.size()) {
    for (int t = 0; t < grid.tokens; ++t) {
      for (int c = 0; c < grid.channels; ++c) {
        const size_t k = static_cast<size_t>(t) * static_cast<size_t>(grid.channels) + static_cast<size_t>(c);
        heights[k] = scene.height_of(grid.values[k]);
        points[k] = view.project(side(c, grid.channels), side(t, grid.tokens), heights[k]);
      }
    }
  }
  struct Quad {
    std::array<size_t, 4> corners;
    size_t lowest, highest, largest;  ///< corners: of the heights, and of the magnitudes
  };
  template <class Take>
  void each_quad(Take take) const {
    const auto columns = static_cast<size_t>(grid.channels);
    for (int i = 0; i < grid.tokens - 1; ++i) {
      const int t = view.near_v() ? i : grid.tokens - 2 - i;
      for (int j = 0; j < grid.channels - 1; ++j) {
        const int c = view.near_u() ? j : grid.channels - 2 - j;
        const size_t k = static_cast<size_t>(t) * columns + static_cast<size_t>(c);
        Quad quad{{k, k + 1, k + columns + 1, k + columns}, k, k, k};
        for (const size_t corner : quad.corners) {
          if (heights[corner] < heights[quad.lowest]) quad.lowest = corner;
          if (heights[corner] > heights[quad.highest]) quad.highest = corner;
          if (std::fabs(grid.values[corner]) > std::fabs(grid.values[quad.largest])) quad.largest = corner;
        }
        take(quad);
      }
    }
  }
  QPolygonF polygon(const Quad& quad) const {
    return QPolygonF({points[quad.corners[0]], points[quad.corners[1]], points[quad.corners[2]], points[quad.corners[3]]});
  }
  /// A spike as bands of one colour each, from the bottom up: a gradient of its own for every polygon makes files of many megabytes, and
  /// takes as long as a hundred polygons.
  template <class Take>
  void each_band(const Quad& quad, const HeatColours& colour_of, const HeatScale& scale, Take take) const {
    const double low = heights[quad.lowest], high = heights[quad.highest];
    std::vector<SurfaceCorner> around;
    for (const size_t k : quad.corners) around.push_back({points[k], heights[k]});
    const int bands = std::clamp(static_cast<int>(std::ceil((high - low) / (2 * kSteep))), 2, 6);
    for (int band = 0; band < bands; ++band) {
      const double from = low + (high - low) * band / bands, to = low + (high - low) * (band + 1) / bands;
      const QPolygonF part = band_of(around, from, to);
      const bool end = band == (heights[quad.largest] >= high ? bands - 1 : 0);
      if (!part.isEmpty()) take(part, colour_of.of_value(end ? grid.values[quad.largest] : scale.value((from + to) / 2)));
    }
  }
  const SurfaceGrid& grid;
  SurfaceView view;
  std::vector<QPointF> points;
  std::vector<double> heights;
};

void SurfaceScene::paint_moving(QPainter& painter, const SurfaceGrid& grid, const QRectF& box) const {
  if (grid.channels < 2 || grid.tokens < 2) return;
  const Mesh mesh(*this, grid, box);
  const HeatColours colour_of = colours();
  painter.save();
  painter.setRenderHint(QPainter::Antialiasing, false);
  painter.setPen(Qt::NoPen);
  QRgb last = 0;
  const auto draw = [&](const QPolygonF& polygon, QRgb colour) {
    if (colour != last) painter.setBrush(QColor(colour));
    last = colour;
    painter.drawConvexPolygon(polygon);
  };
  mesh.each_quad([&](const Mesh::Quad& quad) {
    if (mesh.heights[quad.highest] - mesh.heights[quad.lowest] > kSpike) {
      mesh.each_band(quad, colour_of, scale, draw);
    } else {
      draw(mesh.polygon(quad), colour_of.of_value(grid.values[quad.largest]));
    }
  });
  for (const SurfacePiece& piece : skirt(mesh)) draw(piece.polygon, piece.colour);
  painter.restore();
}

void SurfaceScene::paint_surface(QPainter& painter, const SurfaceGrid& grid, const QRectF& box) const {
  if (grid.channels < 2 || grid.tokens < 2) return;
  const Mesh mesh(*this, grid, box);
  const HeatColours colour_of = colours();
  painter.save();
  // Antialiased neighbours would let the ground shine through between them; without it polygons meet exactly.
  QPen pen(painter.testRenderHint(QPainter::Antialiasing) ? Qt::SolidLine : Qt::NoPen);
  pen.setWidthF(0);
  pen.setJoinStyle(Qt::RoundJoin);
  QRgb last = 0;
  mesh.each_quad([&](const Mesh::Quad& quad) {
    const QPolygonF polygon = mesh.polygon(quad);
    const double low = mesh.heights[quad.lowest], high = mesh.heights[quad.highest];
    if (high - low > kSteep) {  // a spike: its colour changes with the height, straight up to its top
      const QPointF top = mesh.points[quad.highest];
      QLinearGradient gradient(QPointF(top.x(), top.y() + (high - low) * mesh.view.upright()), top);
      constexpr int kStops = 8;
      for (int i = 0; i <= kStops; ++i) {
        const double share = static_cast<double>(i) / kStops;
        const bool end = i == (mesh.heights[quad.largest] >= high ? kStops : 0);  // beyond the scale is marked at the end
        const double value = end ? grid.values[quad.largest] : scale.value(low + (high - low) * share);
        gradient.setColorAt(share, QColor(colour_of.of_value(value)));
      }
      last = 0;
      painter.setBrush(gradient);
      painter.setPen(Qt::NoPen);
    } else if (const QRgb colour = colour_of.of_value(grid.values[quad.largest]); colour != last) {
      last = colour;
      painter.setBrush(QColor(colour));
      pen.setColor(QColor(colour));
      painter.setPen(pen);
    }
    painter.drawConvexPolygon(polygon);
  });
  painter.setPen(Qt::NoPen);
  for (const SurfacePiece& piece : skirt(mesh)) {
    painter.setBrush(QColor(piece.colour));
    painter.drawConvexPolygon(piece.polygon);
  }
  painter.restore();
}

std::vector<SurfacePiece> SurfaceScene::pieces(const SurfaceGrid& grid, const QRectF& box) const {
  std::vector<SurfacePiece> out;
  if (grid.channels < 2 || grid.tokens < 2) return out;
  const Mesh mesh(*this, grid, box);
  const HeatColours colour_of = colours();
  mesh.each_quad([&](const Mesh::Quad& quad) {
    if (mesh.heights[quad.highest] - mesh.heights[quad.lowest] <= kSpike) {
      out.push_back({mesh.polygon(quad), paper_colour(colour_of.of_value(grid.values[quad.largest]))});
    } else {
      mesh.each_band(quad, colour_of, scale, [&](const QPolygonF& part, QRgb colour) { out.push_back({part, paper_colour(colour)}); });
    }
  });
  for (SurfacePiece& piece : skirt(mesh)) out.push_back({std::move(piece.polygon), paper_colour(piece.colour)});
  constexpr double kDots = 6;  // a point: 432 dots an inch
  return visible_pieces(std::move(out), kDots);
}

std::vector<SurfacePiece> SurfaceScene::skirt(const Mesh& mesh) const {
  const SurfaceGrid& grid = mesh.grid;
  const int token = mesh.view.near_v() ? grid.tokens - 1 : 0, channel = mesh.view.near_u() ? grid.channels - 1 : 0;
  const HeatColours colour_of = colours();
  std::vector<SurfacePiece> out;
  const auto piece = [&](int t0, int c0, int t1, int c1) {
    const size_t a = static_cast<size_t>(t0 * grid.channels + c0), b = static_cast<size_t>(t1 * grid.channels + c1);
    const auto foot = [&](int t, int c) { return mesh.view.project(side(c, grid.channels), side(t, grid.tokens), ground()); };
    const float value = std::fabs(grid.values[a]) < std::fabs(grid.values[b]) ? grid.values[a] : grid.values[b];
    out.push_back({QPolygonF({mesh.points[a], mesh.points[b], foot(t1, c1), foot(t0, c0)}), darker(colour_of.of_value(value))});
  };
  for (int c = 0; c + 1 < grid.channels; ++c) piece(token, c, token, c + 1);
  for (int t = 0; t + 1 < grid.tokens; ++t) piece(t, channel, t + 1, channel);
  return out;
}

}  // namespace rolora::widgets
