// SPDX-License-Identifier: GPL-3.0-or-later
// Around a surface: title, floor, walls, axes. No text lies on another one, however narrow the paper.
#include <QCoreApplication>
#include <QFontMetricsF>
#include <algorithm>
#include <cmath>

#include "widgets/base/format.h"
#include "widgets/plots/surface_scene.h"

namespace rolora::widgets {

namespace {

constexpr int kHeightTicks = 5;
constexpr double kLow = 15;  // degrees

/// Texts that are drawn only where no other one is.
class Labels {
 public:
  explicit Labels(QPainter& painter) : painter_(painter) {}
  bool put(const QRectF& rect, const QString& text) {
    if (std::any_of(taken_.begin(), taken_.end(), [&](const QRectF& other) { return other.intersects(rect); })) return false;
    taken_.push_back(rect);
    painter_.drawText(rect, Qt::AlignCenter | Qt::TextDontClip, text);
    return true;
  }

 private:
  QPainter& painter_;
  std::vector<QRectF> taken_;
};

std::vector<int64_t> whole_ticks(int64_t begin, int64_t end, int about) {
  std::vector<int64_t> out;
  const double raw = static_cast<double>(std::max<int64_t>(1, end - begin - 1)) / about,
               power = std::pow(10, std::floor(std::log10(std::max(1.0, raw))));
  double step = 10 * power;
  for (const double nice : {1.0, 2.0, 2.5, 5.0}) {
    if (nice * power >= raw && nice * power == std::floor(nice * power)) {
      step = nice * power;
      break;
    }
  }
  for (double v = std::ceil(static_cast<double>(begin) / step) * step; v <= static_cast<double>(end - 1); v += step)
    out.push_back(static_cast<int64_t>(v));
  return out;
}

double side_of(int64_t at, int64_t begin, int64_t end) {
  return end - begin > 1 ? 2 * static_cast<double>(at - begin) / static_cast<double>(end - begin - 1) - 1 : 0;
}

}  // namespace

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
  double widest = tick.horizontalAdvance(QStringLiteral("0000"));
  for (const HeatScale::Tick& t : scale.ticks(kHeightTicks)) widest = std::max(widest, tick.horizontalAdvance(t.text));
  const double left = widest + style.spacing * 2, right = tick.horizontalAdvance(QStringLiteral("00")) + style.spacing;
  // Seen from low the axis of heights ends where the box does, and its name stands above it.
  const double name = camera.elevation < kLow ? label.height() + tick.height() / 2 : 0;
  return place.adjusted(left, title.height() * 1.4 + style.spacing + name, -right, -(tick.height() + label.height() + style.spacing * 2));
}

void SurfaceScene::paint_frame(QPainter& painter, size_t panel, const QRectF& place, const PlotStyle& style,
                               std::pair<int64_t, int64_t> pooled) const {
  const SurfaceView view(camera, box_room(place, style));
  painter.save();
  paint_title(painter, panel, place, style, pooled);
  paint_floor(painter, view, place, style);
  paint_heights(painter, view, place, style);
  painter.restore();
}

void SurfaceScene::paint_title(QPainter& painter, size_t panel, const QRectF& place, const PlotStyle& style,
                               std::pair<int64_t, int64_t> pooled) const {
  const QFontMetricsF title(style.title_font), small(style.tick_font);
  const QRectF line(place.left() + style.spacing, place.top(), place.width() - 2 * style.spacing, title.height() * 1.4);
  QString badge;
  if (pooled.first > 1 || pooled.second > 1) {
    const QString size = QStringLiteral("%1×%2").arg(pooled.first).arg(pooled.second);
    badge = QCoreApplication::translate("SurfaceScene", "max of %1 cells per quad").arg(size);
    const double room = line.width() - title.horizontalAdvance(panels[panel].title) - title.averageCharWidth() * 2;
    if (small.horizontalAdvance(badge) > room) badge = QCoreApplication::translate("SurfaceScene", "max of %1").arg(size);
  }
  const double badge_width = badge.isEmpty() ? 0 : small.horizontalAdvance(badge) + small.averageCharWidth();
  painter.setFont(style.title_font);
  painter.setPen(style.text);
  painter.drawText(line.adjusted(0, 0, -badge_width, 0), Qt::AlignLeft | Qt::AlignVCenter,
                   title.elidedText(panels[panel].title, Qt::ElideMiddle, line.width() - badge_width));
  painter.setFont(style.tick_font);
  painter.setPen(style.faint_text);
  painter.drawText(line, Qt::AlignRight | Qt::AlignVCenter, badge);
}

/// Channels along the near side of the tokens, tokens along the near side of the channels; texts hang below their edge.
void SurfaceScene::paint_floor(QPainter& painter, const SurfaceView& view, const QRectF& place, const PlotStyle& style) const {
  const double near_u = view.near_u() ? 1 : -1, near_v = view.near_v() ? 1 : -1;
  const auto line = [&](double u0, double v0, double w0, double u1, double v1, double w1) {
    painter.drawLine(QLineF(view.project(u0, v0, w0), view.project(u1, v1, w1)));
  };
  const QFontMetricsF tick(style.tick_font), label(style.label_font);
  const QPointF corner = view.project(near_u, near_v, 0);
  const double gap = style.spacing * 0.5,
               low = std::max(corner.y(), std::max(view.project(near_u, -near_v, 0).y(), view.project(-near_u, near_v, 0).y()));
  Labels labels(painter);
  for (const bool of_channels : {true, false}) {
    const int64_t begin = of_channels ? shown.column_begin : shown.row_begin, end = of_channels ? shown.column_end : shown.row_end;
    const QPointF middle = of_channels ? view.project(0, near_v, 0) : view.project(near_u, 0, 0);
    const double way = middle.x() < corner.x() ? -1 : 1;  // which half of the picture the edge is in
    for (const int64_t at : whole_ticks(begin, end, 4)) {
      const double s = side_of(at, begin, end);
      painter.setPen(style.grid_pen());
      of_channels ? line(s, -1, 0, s, 1, 0) : line(-1, s, 0, 1, s, 0);
      of_channels ? line(s, -near_v, 0, s, -near_v, 1) : line(-near_u, s, 0, -near_u, s, 1);
      painter.setPen(style.text);
      painter.setFont(style.tick_font);
      const QString text = grouped(at);
      const double wide = tick.horizontalAdvance(text) + tick.averageCharWidth() * 0.5;
      const QPointF foot = of_channels ? view.project(s, near_v, 0) : view.project(near_u, s, 0);
      labels.put(QRectF(foot.x() - wide / 2 + way * wide * 0.35, foot.y() + gap, wide, tick.height()), text);
    }
    painter.setFont(style.label_font);
    const QString& name = of_channels ? column_label : row_label;
    const double wide = label.horizontalAdvance(name) + label.averageCharWidth() * 0.5, air = label.averageCharWidth() * 0.5;
    double left = middle.x() - wide / 2;
    left = way < 0 ? std::min(left, corner.x() - air - wide) : std::max(left, corner.x() + air);
    left = std::clamp(left, place.left(), std::max(place.left(), place.right() - wide));
    const double top = std::min(low + gap + tick.height(), place.bottom() - label.height());
    labels.put(QRectF(left, top, wide, label.height()), name);
  }
  painter.setPen(style.axis_pen());
  line(-1, near_v, 0, 1, near_v, 0);
  line(near_u, -1, 0, near_u, 1, 0);
}

/// At the left-most upright edge, with lines along the far walls.
void SurfaceScene::paint_heights(QPainter& painter, const SurfaceView& view, const QRectF& place, const PlotStyle& style) const {
  const double near_u = view.near_u() ? 1 : -1, near_v = view.near_v() ? 1 : -1;
  const auto line = [&](double u0, double v0, double w0, double u1, double v1, double w1) {
    painter.drawLine(QLineF(view.project(u0, v0, w0), view.project(u1, v1, w1)));
  };
  const bool first = view.project(near_u, -near_v, 0).x() < view.project(-near_u, near_v, 0).x();
  const double edge_u = first ? near_u : -near_u, edge_v = first ? -near_v : near_v;
  const QFontMetricsF tick(style.tick_font), label(style.label_font);
  Labels labels(painter);
  painter.setFont(style.tick_font);
  const int about = std::clamp(static_cast<int>(view.upright() / (tick.height() * 1.6)), 1, kHeightTicks);
  const double least = tick.height() * 0.5 / std::max(1.0, view.upright());  // below it are the floor's own labels
  const auto hidden = [&](const HeatScale::Tick& t) {                        // both ends of a signed scale or none
    return t.position < least || (scale.is_signed && t.position > 1 - least);
  };
  std::vector<HeatScale::Tick> ticks = scale.ticks(about);
  for (int more = 2; scale.is_signed && more <= kHeightTicks; more += 1) {  // its zero alone says nothing
    if (std::count_if(ticks.begin(), ticks.end(), [&](const HeatScale::Tick& t) { return !hidden(t); }) > 1) break;
    ticks = scale.ticks(about + more);
  }
  for (const HeatScale::Tick& t : ticks) {
    painter.setPen(style.grid_pen());
    line(-near_u, -1, t.position, -near_u, 1, t.position);
    line(-1, -near_v, t.position, 1, -near_v, t.position);
    if (hidden(t)) continue;
    const QPointF at = view.project(edge_u, edge_v, t.position);
    const double wide = tick.horizontalAdvance(t.text) + 1;
    painter.setPen(style.text);
    labels.put(QRectF(at.x() - style.spacing * 0.7 - wide, at.y() - tick.height() / 2, wide, tick.height()), t.text);
  }
  painter.setPen(style.text);
  painter.setFont(style.label_font);
  const QPointF top = view.project(edge_u, edge_v, 1);
  const double wide = label.horizontalAdvance(value_label) + 2;
  const double edge = place.left() + style.spacing * 0.5;
  const double x = std::clamp(top.x() - wide / 2, edge, std::max(edge, place.right() - wide));
  painter.drawText(QRectF(x, top.y() - tick.height() / 2 - label.height(), wide, label.height()), Qt::AlignLeft | Qt::AlignVCenter,
                   value_label);
  painter.setPen(style.axis_pen());
  line(edge_u, edge_v, 0, edge_u, edge_v, 1);
}

}  // namespace rolora::widgets
