// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/plots/line_look.h"

#include <QRegularExpression>
#include <algorithm>
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

namespace {

/// Index of the hue among PlotStyle::series.
size_t lineage(const QString& state) {
  constexpr size_t kPlain = 0, kRotated = 1, kFolded = 2, kFirstOther = 3, kOthers = 4;
  if (state.contains(QLatin1String("rotated"), Qt::CaseInsensitive)) {
    static const QRegularExpression seed(QStringLiteral("seed[ -]?(\\d+)"), QRegularExpression::CaseInsensitiveOption);
    const QRegularExpressionMatch found = seed.match(state);
    const qulonglong number = found.hasMatch() ? found.captured(1).toULongLong() : 0;
    return number == 0 ? kRotated : kFirstOther + static_cast<size_t>((number - 1) % kOthers);
  }
  if (state.contains(QLatin1String("folded"), Qt::CaseInsensitive)) return kFolded;
  if (state.contains(QLatin1String("plain"), Qt::CaseInsensitive)) return kPlain;
  size_t sum = 0;  // a name of one's own: the same colour each time
  for (const QChar c : state) sum = sum * 31 + c.unicode();
  return kFirstOther + sum % kOthers;
}

bool is_tuned(const QString& state) {
  for (const char* word : {"lora", "tuned", "full training"}) {
    if (state.contains(QLatin1String(word), Qt::CaseInsensitive)) return true;
  }
  return false;
}

}  // namespace

int state_order(const QString& state) {
  constexpr int kSeeds = 1000, kTuned = 1'000'000;
  static const QRegularExpression seed(QStringLiteral("seed[ -]?(\\d+)"), QRegularExpression::CaseInsensitiveOption);
  const auto has = [&](const char* word) { return state.contains(QLatin1String(word), Qt::CaseInsensitive); };
  const int kind = has("rotated") ? 2 : has("folded") ? 1 : has("plain") ? 0 : 3;
  const int number = std::min(seed.match(state).captured(1).toInt(), kSeeds - 1);
  return (is_tuned(state) ? kTuned : 0) + kind * kSeeds + std::max(0, number);
}

QColor state_hue(const PlotStyle& style, const QString& state) {
  return style.series.empty() ? style.text : style.series[lineage(state) % style.series.size()];
}

QColor state_colour(const PlotStyle& style, const QString& state) {
  const QColor hue = state_hue(style, state);
  if (style.series.empty() || !is_tuned(state)) return hue;
  constexpr float kShade = 0.45F;  // towards the text's colour: further from the ground in light and in dark
  const auto mixed = [](float x, float y) { return x + (y - x) * kShade; };
  return QColor::fromRgbF(mixed(hue.redF(), style.text.redF()), mixed(hue.greenF(), style.text.greenF()),
                          mixed(hue.blueF(), style.text.blueF()));
}

LineLook state_look(const PlotStyle& style, const QString& state, int index) {
  LineLook look = series_look(style, index);
  look.colour = state_colour(style, state);
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
