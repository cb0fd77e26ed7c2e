// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/plots/line_look.h"

#include <array>

namespace rolora::widgets {

QPen LineLook::pen() const {
  QPen pen(colour, width, dash, dash == Qt::SolidLine ? Qt::SquareCap : Qt::FlatCap, Qt::RoundJoin);
  if (dash == Qt::DotLine) pen.setDashPattern({1.2, 1.8});
  if (dash == Qt::DashLine) pen.setDashPattern({4, 2});
  return pen;
}

LineLook series_look(const PlotStyle& style, int index) {
  static constexpr std::array markers = {Marker::disc,    Marker::square,        Marker::triangle,
                                         Marker::diamond, Marker::triangle_down, Marker::cross};
  static constexpr std::array dashes = {Qt::SolidLine, Qt::DashLine, Qt::DashDotLine, Qt::DotLine};
  const auto at = static_cast<size_t>(std::max(0, index));
  LineLook look;
  look.colour = style.series.empty() ? style.text : style.series[at % style.series.size()];
  look.width = style.line_width;
  look.dash = dashes[at % dashes.size()];
  look.marker = markers[at % markers.size()];
  look.marker_size = style.marker_size;
  look.ground = style.background;
  return look;
}

void draw_marker(QPainter& painter, const LineLook& look, QPointF centre) {
  if (look.marker == Marker::none) return;
  const double r = look.marker_size / 2;
  painter.setPen(QPen(look.colour, std::max(0.75, look.width * 0.8), Qt::SolidLine, Qt::RoundCap, Qt::MiterJoin));
  painter.setBrush(look.hollow ? look.ground : look.colour);
  const double x = centre.x(), y = centre.y();
  switch (look.marker) {
    case Marker::none:
      break;
    case Marker::disc:
      painter.drawEllipse(centre, r, r);
      break;
    case Marker::square:
      painter.drawRect(QRectF(x - 0.88 * r, y - 0.88 * r, 1.76 * r, 1.76 * r));
      break;
    case Marker::diamond:
      painter.drawPolygon(QPolygonF({{x, y - 1.2 * r}, {x + 1.2 * r, y}, {x, y + 1.2 * r}, {x - 1.2 * r, y}}));
      break;
    case Marker::triangle:
      painter.drawPolygon(QPolygonF({{x, y - 1.1 * r}, {x + 1.1 * r, y + 0.8 * r}, {x - 1.1 * r, y + 0.8 * r}}));
      break;
    case Marker::triangle_down:
      painter.drawPolygon(QPolygonF({{x, y + 1.1 * r}, {x + 1.1 * r, y - 0.8 * r}, {x - 1.1 * r, y - 0.8 * r}}));
      break;
    case Marker::cross:
      painter.drawLine(QPointF(x - r, y - r), QPointF(x + r, y + r));
      painter.drawLine(QPointF(x - r, y + r), QPointF(x + r, y - r));
      break;
  }
}

void draw_icon(QPainter& painter, const LineLook& look, const QRectF& rect) {
  const double middle = rect.center().y();
  if (look.fill.isValid()) {
    const QRectF box(rect.left(), middle - rect.height() * 0.32, rect.width(), rect.height() * 0.64);
    painter.setPen(Qt::NoPen);
    painter.setBrush(look.fill);
    painter.drawRect(box);
    painter.setPen(look.pen());
    painter.drawLine(box.topLeft(), box.topRight());
    return;
  }
  painter.setBrush(Qt::NoBrush);
  if (look.width > 0) {
    painter.setPen(look.pen());
    painter.drawLine(QPointF(rect.left(), middle), QPointF(rect.right(), middle));
  }
  draw_marker(painter, look, rect.center());
}

}  // namespace rolora::widgets
