// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/base/plot_style.h"

#include <QFontDatabase>
#include <QFontInfo>
#include <algorithm>
#include <array>
#include <cmath>

namespace rolora::widgets {

namespace {

/// Okabe and Ito, "Color Universal Design" (2008), ordered so that neighbours differ in lightness; the yellow is left to the end.
constexpr std::array<QRgb, 7> kOkabeIto = {0xff0072b2, 0xffd55e00, 0xff009e73, 0xffcc79a7, 0xffe69f00, 0xff56b4e9, 0xfff0e442};

double linear(double s) { return s <= 0.04045 ? s / 12.92 : std::pow((s + 0.055) / 1.055, 2.4); }

/// Relative luminance of WCAG 2.
double luminance(const QColor& c) { return 0.2126 * linear(c.redF()) + 0.7152 * linear(c.greenF()) + 0.0722 * linear(c.blueF()); }

double contrast(const QColor& a, const QColor& b) {
  const double la = luminance(a), lb = luminance(b);
  return (std::max(la, lb) + 0.05) / (std::min(la, lb) + 0.05);
}

QColor mixed(const QColor& a, const QColor& b, double share_of_b) {
  const auto mix = [share_of_b](float x, float y) { return static_cast<float>(x + (y - x) * share_of_b); };
  return QColor::fromRgbF(mix(a.redF(), b.redF()), mix(a.greenF(), b.greenF()), mix(a.blueF(), b.blueF()));
}

/// The colour itself, or as little darker or lighter (towards `pole`) as it needs to be told from the ground.
QColor readable(const QColor& colour, const QColor& ground, const QColor& pole, double ratio) {
  for (int step = 0; step <= 20; ++step) {
    const QColor candidate = mixed(colour, pole, step / 20.0);
    if (contrast(candidate, ground) >= ratio) return candidate;
  }
  return pole;
}

std::vector<QColor> series_on(const QColor& ground) {
  const QColor pole = luminance(ground) > 0.4 ? QColor(Qt::black) : QColor(Qt::white);
  std::vector<QColor> out;
  for (const QRgb rgb : kOkabeIto) out.push_back(readable(QColor(rgb), ground, pole, 3.0));
  out.push_back(mixed(pole, ground, 0.15));
  return out;
}

QFont sized(QFont font, double pixels) {
  font.setPixelSize(std::max(1, static_cast<int>(std::lround(pixels))));
  return font;
}

QString paper_family() {
  const QStringList installed = QFontDatabase::families();
  for (const char* wanted : {"Arial", "Liberation Sans", "DejaVu Sans"}) {
    if (installed.contains(QLatin1String(wanted))) return QLatin1String(wanted);
  }
  return QFont().family();
}

}  // namespace

QPen PlotStyle::series_pen(size_t index) const {
  if (series.empty()) return QPen(text, line_width);
  static const std::array<QVector<qreal>, 8> kDashes = {QVector<qreal>{},       {5, 2.5},         {1.2, 2}, {6, 2, 1.2, 2}, {9, 3}, {3, 2},
                                                        {6, 2, 1.2, 2, 1.2, 2}, {12, 2.5, 3, 2.5}};
  QPen pen(series[index % series.size()], line_width, Qt::SolidLine, Qt::FlatCap, Qt::RoundJoin);
  const QVector<qreal>& dashes = kDashes[(index % series.size()) % kDashes.size()];
  if (!dashes.isEmpty()) pen.setDashPattern(dashes);
  return pen;
}

QCPScatterStyle PlotStyle::series_marker(size_t index) const {
  if (series.empty()) return QCPScatterStyle(QCPScatterStyle::ssDisc, text, marker_size);
  constexpr std::array<QCPScatterStyle::ScatterShape, 8> kShapes = {
      QCPScatterStyle::ssCircle, QCPScatterStyle::ssSquare, QCPScatterStyle::ssTriangle,         QCPScatterStyle::ssDiamond,
      QCPScatterStyle::ssCross,  QCPScatterStyle::ssPlus,   QCPScatterStyle::ssTriangleInverted, QCPScatterStyle::ssStar};
  const QColor colour = series[index % series.size()];
  return QCPScatterStyle(kShapes[(index % series.size()) % kShapes.size()], QPen(colour, std::max(1.0, line_width * 0.75)),
                         QBrush(background), marker_size);
}

PlotStyle PlotStyle::screen(const QPalette& palette, const QFont& font) {
  PlotStyle style;
  const double pixels = QFontInfo(font).pixelSize();
  const double unit = pixels / 13.0;  // sizes below are right for a 13-pixel font
  style.tick_font = sized(font, pixels * 0.88);
  style.label_font = sized(font, pixels * 0.94);
  style.title_font = sized(font, pixels);
  style.title_font.setWeight(QFont::DemiBold);
  style.line_width = 1.6 * unit;
  style.axis_width = 1;
  style.grid_width = 1;
  style.marker_size = 6 * unit;
  style.spacing = 6 * unit;
  style.background = palette.color(QPalette::Base);
  style.text = palette.color(QPalette::Text);
  style.faint_text = readable(mixed(style.text, style.background, 0.4), style.background, style.text, 4.5);
  style.axis = mixed(style.text, style.background, 0.55);
  style.grid = mixed(style.text, style.background, 0.88);
  style.highlight = readable(palette.color(QPalette::Highlight), style.background, style.text, 3.0);
  style.out_of_range = QColor(0xff, 0x2b, 0xd6);  // in none of the maps
  style.series = series_on(style.background);
  return style;
}

PlotStyle PlotStyle::on_paper(const QString& family, double tick_points, double label_points, double line_points) {
  PlotStyle style;
  const QFont font(family.isEmpty() ? paper_family() : family);
  style.tick_font = sized(font, tick_points);
  style.label_font = sized(font, label_points);
  style.title_font = sized(font, label_points);
  style.title_font.setWeight(QFont::Bold);
  style.line_width = line_points;
  style.axis_width = 0.6;
  style.grid_width = 0.3;
  style.marker_size = 3.5;
  style.spacing = 3;
  style.background = Qt::white;
  style.text = Qt::black;
  style.faint_text = QColor(0x55, 0x55, 0x55);
  style.axis = QColor(0x40, 0x40, 0x40);
  style.grid = QColor(0xdd, 0xdd, 0xdd);
  style.highlight = QColor(0x00, 0x5a, 0x9c);
  style.out_of_range = QColor(0xff, 0x2b, 0xd6);
  style.series = series_on(style.background);
  style.paper = true;
  return style;
}

}  // namespace rolora::widgets
