// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/plots/surface_scene.h"

#include <QFontMetricsF>
#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

#include "widgets/base/format.h"

namespace rolora::widgets {

namespace {

/// Of the box, whose sides are 2: as much as the room has above the floor, seen as papers show it. It does not change while it is turned.
double box_height(const QRectF& room) {
  const double across = 2 * std::numbers::sqrt2, e = Camera{}.elevation * std::numbers::pi / 180;
  return std::clamp((room.height() / std::max(1.0, room.width()) * across - across * std::sin(e)) / std::cos(e), 0.7, 1.9);
}

std::vector<int64_t> whole_ticks(int64_t count, int about) {
  std::vector<int64_t> out;
  const double raw = static_cast<double>(std::max<int64_t>(1, count - 1)) / about,
               power = std::pow(10, std::floor(std::log10(std::max(1.0, raw))));
  double step = 10 * power;
  for (const double nice : {1.0, 2.0, 2.5, 5.0}) {
    if (nice * power >= raw && nice * power == std::floor(nice * power)) {
      step = nice * power;
      break;
    }
  }
  for (double v = 0; v <= static_cast<double>(count - 1); v += step) out.push_back(static_cast<int64_t>(v));
  return out;
}

double side(int64_t at, int64_t count) { return count > 1 ? 2 * static_cast<double>(at) / static_cast<double>(count - 1) - 1 : 0; }

constexpr double kSteep = 0.06;     // of the box's height within one polygon: beyond it one colour would not do
constexpr double kSpike = 0.2;      // the same on paper, where every colour costs bytes
constexpr double kPaperPen = 0.15;  // points: closes the seams between polygons

/// From the colour of the low end to that of the high end, straight up to `top`.
QLinearGradient height_gradient(const SurfaceScene& scene, const HeatColours& colours, QPointF top, double upright, double low,
                                double high) {
  QLinearGradient gradient(QPointF(top.x(), top.y() + (high - low) * upright), top);
  constexpr int kStops = 8;
  for (int i = 0; i <= kStops; ++i) {
    const double share = static_cast<double>(i) / kStops;
    gradient.setColorAt(share, QColor(colours.of_value(scene.scale.value(low + (high - low) * share))));
  }
  return gradient;
}

/// A corner of a polygon with its height.
struct Corner {
  QPointF at;
  double height;
};

/// The part of a polygon above (or below) a height.
std::vector<Corner> cut(const std::vector<Corner>& polygon, double height, bool above) {
  std::vector<Corner> out;
  const auto kept = [&](const Corner& c) { return above ? c.height >= height : c.height <= height; };
  for (size_t i = 0; i < polygon.size(); ++i) {
    const Corner &from = polygon[i], &to = polygon[(i + 1) % polygon.size()];
    if (kept(from)) out.push_back(from);
    if (kept(from) == kept(to)) continue;
    const double share = (height - from.height) / (to.height - from.height);
    out.push_back({from.at + (to.at - from.at) * share, height});
  }
  return out;
}

/// On paper a spike is some bands of one colour each: a gradient of its own for every polygon makes files of many megabytes.
void paint_bands(QPainter& painter, const SurfaceScene& scene, const HeatColours& colours, const std::vector<Corner>& quad, double low,
                 double high, QPen pen) {
  const int bands = std::clamp(static_cast<int>(std::ceil((high - low) / (2 * kSteep))), 2, 6);
  for (int band = 0; band < bands; ++band) {
    const double from = low + (high - low) * band / bands, to = low + (high - low) * (band + 1) / bands;
    const std::vector<Corner> part = cut(cut(quad, from, true), to, false);
    if (part.size() < 3) continue;
    QPolygonF polygon;
    for (const Corner& corner : part) polygon.append(corner.at);
    const QColor colour(colours.of_value(scene.scale.value((from + to) / 2)));
    pen.setColor(colour);
    painter.setPen(pen);
    painter.setBrush(colour);
    painter.drawConvexPolygon(polygon);
  }
}

/// A text whose edge nearest to the box lies at `at`, away from the box in direction `out`.
void text_beyond(QPainter& painter, QPointF at, QPointF out, double gap, const QString& text) {
  const QFontMetricsF metrics(painter.font());
  const QSizeF size(metrics.horizontalAdvance(text), metrics.height());
  const double length = std::hypot(out.x(), out.y());
  const QPointF way = length > 0 ? out / length : QPointF(0, 1);
  const QPointF centre = at + way * gap + QPointF(way.x() * size.width() / 2, way.y() * size.height() / 2);
  painter.drawText(QRectF(centre.x() - size.width() / 2 - 1, centre.y() - size.height() / 2, size.width() + 2, size.height()),
                   Qt::AlignCenter, text);
}

}  // namespace

SurfaceGrid::SurfaceGrid(const HeatSource& source, int most_channels, int most_tokens) {
  channels = static_cast<int>(std::min<int64_t>(most_channels, source.columns()));
  tokens = static_cast<int>(std::min<int64_t>(most_tokens, source.rows()));
  const HeatWindow window{0, static_cast<double>(source.columns()), 0, static_cast<double>(source.rows()), channels, tokens};
  const std::vector<int32_t> keys = HeatGrid(source, window).pool(std::atomic<bool>(false));
  values.reserve(keys.size());
  for (const int32_t key : keys) {
    const auto v = static_cast<float>(std::fabs(HeatSource::value_of(key, source.has_sign())) * source.factor());
    values.push_back(std::isfinite(v) ? v : 0);
  }
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

std::vector<QRectF> SurfaceScene::places(QSizeF size) const {
  if (panels.size() < 2) return {QRectF(QPointF(0, 0), size)};
  if (size.width() >= 1.2 * size.height()) {
    const QSizeF half(size.width() / 2, size.height());
    return {QRectF(QPointF(0, 0), half), QRectF(QPointF(half.width(), 0), half)};
  }
  const QSizeF half(size.width(), size.height() / 2);
  return {QRectF(QPointF(0, 0), half), QRectF(QPointF(0, half.height()), half)};
}

QRectF SurfaceScene::box_room(const QRectF& place, const PlotStyle& style) const {
  const QFontMetricsF tick(style.tick_font), label(style.label_font), title(style.title_font);
  const double across = tick.horizontalAdvance(QStringLiteral("0000")) + label.height() + style.spacing * 2;
  return place.adjusted(across, title.height() * 1.4 + style.spacing, -across, -(tick.height() + label.height() + style.spacing * 2.5));
}

double SurfaceScene::height_of(double value) const {
  const double at = scale.position(value);
  return std::isnan(at) ? 0 : std::clamp(at, 0.0, 1.0);
}

void SurfaceScene::paint_frame(QPainter& painter, size_t panel, const QRectF& place, const PlotStyle& style) const {
  const SurfaceView view(camera, box_room(place, style));
  const HeatSource& source = *panels[panel].source;
  const double near_u = view.near_u() ? 1 : -1, near_v = view.near_v() ? 1 : -1;
  const auto line = [&](double u0, double v0, double w0, double u1, double v1, double w1) {
    painter.drawLine(QLineF(view.project(u0, v0, w0), view.project(u1, v1, w1)));
  };
  painter.save();
  painter.setFont(style.title_font);
  painter.setPen(style.text);
  const QFontMetricsF title(style.title_font);
  painter.drawText(QRectF(place.left(), place.top(), place.width(), title.height() * 1.4), Qt::AlignCenter,
                   title.elidedText(panels[panel].title, Qt::ElideRight, place.width()));
  const QFontMetricsF tick(style.tick_font);
  const double gap = style.spacing * 0.7, label_gap = gap * 2 + tick.height() * 1.1;
  const auto outward = [&](double u, double v) { return view.project(u * 1.2, v * 1.2, 0) - view.project(u, v, 0); };
  // Channels along the near side of the tokens, tokens along the near side of the channels.
  for (const bool of_channels : {true, false}) {
    const int64_t count = of_channels ? source.columns() : source.rows();
    const QPointF out = of_channels ? outward(0, near_v) : outward(near_u, 0);
    for (const int64_t at : whole_ticks(count, 4)) {
      const double s = side(at, count);
      painter.setPen(style.grid_pen());
      of_channels ? line(s, -1, 0, s, 1, 0) : line(-1, s, 0, 1, s, 0);
      of_channels ? line(s, -near_v, 0, s, -near_v, 1) : line(-near_u, s, 0, -near_u, s, 1);
      painter.setPen(style.text);
      painter.setFont(style.tick_font);
      text_beyond(painter, of_channels ? view.project(s, near_v, 0) : view.project(near_u, s, 0), out, gap, grouped(at));
    }
    painter.setPen(style.text);
    painter.setFont(style.label_font);
    const QString& label = of_channels ? column_label : row_label;
    const double beyond =
        label_gap + std::fabs(out.x()) / std::max(1e-9, std::hypot(out.x(), out.y())) * tick.horizontalAdvance(QStringLiteral("000"));
    text_beyond(painter, of_channels ? view.project(0, near_v, 0) : view.project(near_u, 0, 0), out, beyond, label);
  }
  // Heights at the left-most upright edge, with lines along the far walls.
  QPointF foot(1e30, 0);
  double edge_u = 0, edge_v = 0;
  for (const auto& [u, v] : {std::pair(near_u, -near_v), std::pair(-near_u, near_v)}) {
    const QPointF p = view.project(u, v, 0);
    if (p.x() < foot.x()) {
      foot = p;
      edge_u = u;
      edge_v = v;
    }
  }
  for (const HeatScale::Tick& t : scale.ticks(4)) {
    painter.setPen(style.grid_pen());
    line(-near_u, -1, t.position, -near_u, 1, t.position);
    line(-1, -near_v, t.position, 1, -near_v, t.position);
    if (t.position * view.upright() < tick.height()) continue;  // the floor's own labels are there
    painter.setPen(style.text);
    painter.setFont(style.tick_font);
    text_beyond(painter, view.project(edge_u, edge_v, t.position), QPointF(-1, 0), gap, t.text);
  }
  painter.setPen(style.text);
  painter.setFont(style.label_font);
  const QFontMetricsF label(style.label_font);
  const QPointF top = view.project(edge_u, edge_v, 1);
  painter.drawText(QRectF(std::max(place.left(), top.x() - label.horizontalAdvance(value_label) / 2 - 1), top.y() - label.height() * 1.7,
                          label.horizontalAdvance(value_label) + 2, label.height()),
                   Qt::AlignLeft | Qt::AlignVCenter, value_label);
  painter.setPen(style.axis_pen());
  line(-1, near_v, 0, 1, near_v, 0);
  line(near_u, -1, 0, near_u, 1, 0);
  line(edge_u, edge_v, 0, edge_u, edge_v, 1);
  painter.restore();
}

void SurfaceScene::paint_surface(QPainter& painter, const SurfaceGrid& grid, const QRectF& box, bool paper) const {
  if (grid.channels < 2 || grid.tokens < 2) return;
  const SurfaceView view(camera, box);
  const HeatColours colours(scale, 1, map, QColor(colour_table(map)[255]));
  const auto columns = static_cast<size_t>(grid.channels);
  std::vector<QPointF> points(grid.values.size());
  for (int t = 0; t < grid.tokens; ++t) {
    for (int c = 0; c < grid.channels; ++c) {
      points[static_cast<size_t>(t) * columns + static_cast<size_t>(c)] =
          view.project(side(c, grid.channels), side(t, grid.tokens), height_of(grid.at(t, c)));
    }
  }
  painter.save();
  // Antialiased neighbours would let the ground shine through between them; without it polygons meet exactly.
  const bool seams = paper || painter.testRenderHint(QPainter::Antialiasing);
  QPen pen(seams ? Qt::SolidLine : Qt::NoPen);
  pen.setWidthF(paper ? kPaperPen : 0);
  pen.setJoinStyle(Qt::RoundJoin);
  QRgb last = 0;
  for (int i = 0; i < grid.tokens - 1; ++i) {
    const int t = view.near_v() ? i : grid.tokens - 2 - i;
    for (int j = 0; j < grid.channels - 1; ++j) {
      const int c = view.near_u() ? j : grid.channels - 2 - j;
      const size_t k = static_cast<size_t>(t) * columns + static_cast<size_t>(c);
      const std::array<QPointF, 4> quad = {points[k], points[k + 1], points[k + columns + 1], points[k + columns]};
      const std::array<size_t, 4> corners = {k, k + 1, k + columns + 1, k + columns};
      const auto [least, most] =
          std::minmax_element(corners.begin(), corners.end(), [&](size_t x, size_t y) { return grid.values[x] < grid.values[y]; });
      const double low = height_of(grid.values[*least]), high = height_of(grid.values[*most]);
      if (high - low > (paper ? kSpike : kSteep)) {  // a spike: its colour grows with its height
        const QPointF top = points[*most];
        last = 0;
        if (paper) {
          std::vector<Corner> polygon;
          for (size_t at = 0; at < quad.size(); ++at) polygon.push_back({quad[at], height_of(grid.values[corners[at]])});
          paint_bands(painter, *this, colours, polygon, low, high, pen);
          continue;
        }
        painter.setBrush(QBrush(height_gradient(*this, colours, top, view.upright(), low, high)));
        painter.setPen(Qt::NoPen);
        painter.drawConvexPolygon(quad.data(), 4);
        continue;
      }
      const QRgb colour = colours.of_value(grid.values[*most]);
      if (colour != last) {
        last = colour;
        painter.setBrush(QColor(colour));
        pen.setColor(QColor(colour));
        painter.setPen(pen);
      }
      painter.drawConvexPolygon(quad.data(), 4);
    }
  }
  paint_skirt(painter, grid, view, points, colours, paper);
  painter.restore();
}

/// Down to the floor along the two near sides, so that the surface does not float.
void SurfaceScene::paint_skirt(QPainter& painter, const SurfaceGrid& grid, const SurfaceView& view, const std::vector<QPointF>& points,
                               const HeatColours& colours, bool paper) const {
  const int token = view.near_v() ? grid.tokens - 1 : 0, channel = view.near_u() ? grid.channels - 1 : 0;
  QPen pen(paper ? Qt::SolidLine : Qt::NoPen);
  pen.setWidthF(paper ? kPaperPen : 0);
  const auto piece = [&](int t0, int c0, int t1, int c1) {
    const size_t a = static_cast<size_t>(t0 * grid.channels + c0), b = static_cast<size_t>(t1 * grid.channels + c1);
    const auto foot = [&](int t, int c) { return view.project(side(c, grid.channels), side(t, grid.tokens), 0); };
    const std::array<QPointF, 4> quad = {points[a], points[b], foot(t1, c1), foot(t0, c0)};
    const QColor colour = QColor(colours.of_value(std::min(grid.values[a], grid.values[b]))).darker(118);
    pen.setColor(colour);
    painter.setPen(pen);
    painter.setBrush(colour);
    painter.drawConvexPolygon(quad.data(), 4);
  };
  for (int c = 0; c + 1 < grid.channels; ++c) piece(token, c, token, c + 1);
  for (int t = 0; t + 1 < grid.tokens; ++t) piece(t, channel, t + 1, channel);
}

}  // namespace rolora::widgets
