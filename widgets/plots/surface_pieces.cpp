// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/plots/surface_pieces.h"

#include <QImage>
#include <QPainterPath>
#include <algorithm>
#include <cmath>

namespace rolora::widgets {

namespace {

/// The part of a polygon above (or below) a height.
std::vector<SurfaceCorner> cut(const std::vector<SurfaceCorner>& polygon, double height, bool above) {
  std::vector<SurfaceCorner> out;
  const auto kept = [&](const SurfaceCorner& c) { return above ? c.height >= height : c.height <= height; };
  for (size_t i = 0; i < polygon.size(); ++i) {
    const SurfaceCorner &from = polygon[i], &to = polygon[(i + 1) % polygon.size()];
    if (kept(from)) out.push_back(from);
    if (kept(from) == kept(to)) continue;
    const double share = (height - from.height) / (to.height - from.height);
    out.push_back({from.at + (to.at - from.at) * share, height});
  }
  return out;
}

/// Twice the area, positive where the corners run one way round: pieces of one path must agree, or they would cut holes into each other.
double turn(const QPolygonF& polygon) {
  double sum = 0;
  for (qsizetype i = 0; i < polygon.size(); ++i) {
    const QPointF &a = polygon[i], &b = polygon[(i + 1) % polygon.size()];
    sum += a.x() * b.y() - b.x() * a.y();
  }
  return sum;
}

QPointF rounded(QPointF p) {
  constexpr double kSteps = 50;  // a fiftieth of a point is finer than print, and few digits
  return {std::round(p.x() * kSteps) / kSteps, std::round(p.y() * kSteps) / kSteps};
}

}  // namespace

QPolygonF band_of(const std::vector<SurfaceCorner>& polygon, double from, double to) {
  const std::vector<SurfaceCorner> part = cut(cut(polygon, from, true), to, false);
  QPolygonF out;
  if (part.size() < 3) return out;
  for (const SurfaceCorner& corner : part) out.append(corner.at);
  return out;
}

std::vector<SurfacePiece> visible_pieces(std::vector<SurfacePiece> pieces, double dots) {
  QRectF all;
  for (const SurfacePiece& piece : pieces) all = all.united(piece.polygon.boundingRect());
  if (pieces.empty() || all.isEmpty()) return pieces;
  // Every piece is painted in a colour that is its number: what is left in the end is what is seen.
  QImage seen(static_cast<int>(std::ceil(all.width() * dots)) + 2, static_cast<int>(std::ceil(all.height() * dots)) + 2,
              QImage::Format_RGB32);
  seen.fill(0xff000000U);
  {
    QPainter painter(&seen);
    painter.translate(1, 1);
    painter.scale(dots, dots);
    painter.translate(-all.topLeft());
    painter.setPen(Qt::NoPen);
    for (size_t i = 0; i < pieces.size(); ++i) {
      painter.setBrush(QColor(static_cast<QRgb>(0xff000000U | static_cast<uint32_t>(i + 1))));
      painter.drawConvexPolygon(pieces[i].polygon);
    }
  }
  std::vector<bool> is_seen(pieces.size() + 1, false);
  for (int y = 0; y < seen.height(); ++y) {
    const auto* line = reinterpret_cast<const QRgb*>(seen.constScanLine(y));
    for (int x = 0; x < seen.width(); ++x) is_seen[std::min<size_t>(line[x] & 0xffffffU, pieces.size())] = true;
  }
  std::vector<SurfacePiece> out;
  for (size_t i = 0; i < pieces.size(); ++i) {
    if (is_seen[i + 1]) out.push_back(std::move(pieces[i]));
  }
  return out;
}

QRgb paper_colour(QRgb colour) {
  constexpr int kStep = 12;
  const auto coarse = [](int channel) { return std::min(255, (channel + kStep / 2) / kStep * kStep); };
  return qRgb(coarse(qRed(colour)), coarse(qGreen(colour)), coarse(qBlue(colour)));
}

void paint_pieces(QPainter& painter, const std::vector<SurfacePiece>& pieces, double line_width) {
  painter.save();
  QPen pen(Qt::black, line_width, Qt::SolidLine, Qt::FlatCap, Qt::RoundJoin);
  for (size_t i = 0; i < pieces.size();) {
    QPainterPath path;
    path.setFillRule(Qt::WindingFill);
    size_t end = i;
    for (; end < pieces.size() && pieces[end].colour == pieces[i].colour; ++end) {
      QPolygonF polygon;
      for (const QPointF& p : pieces[end].polygon) {
        if (const QPointF at = rounded(p); polygon.isEmpty() || at != polygon.back()) polygon.append(at);
      }
      if (polygon.size() > 1 && polygon.front() == polygon.back()) polygon.removeLast();
      if (polygon.size() < 3) continue;
      if (turn(polygon) < 0) std::reverse(polygon.begin(), polygon.end());
      path.addPolygon(polygon);
      path.closeSubpath();
    }
    if (!path.isEmpty()) {
      pen.setColor(QColor(pieces[i].colour));
      painter.setPen(pen);
      painter.setBrush(QColor(pieces[i].colour));
      painter.drawPath(path);
    }
    i = end;
  }
  painter.restore();
}

}  // namespace rolora::widgets
