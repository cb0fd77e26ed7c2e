// SPDX-License-Identifier: GPL-3.0-or-later
#include <gtest/gtest.h>

#include <QGuiApplication>
#include <cmath>
#include <set>

#include "widgets/base/colour_map.h"
#include "widgets/base/plot_style.h"
#include "widgets/base/theme.h"

namespace {

using namespace rolora::widgets;

double lightness(QRgb c) {  // CIE L* of sRGB
  const auto linear = [](int v) { return v <= 10 ? v / 255.0 / 12.92 : std::pow((v / 255.0 + 0.055) / 1.055, 2.4); };
  const double y = 0.2126 * linear(qRed(c)) + 0.7152 * linear(qGreen(c)) + 0.0722 * linear(qBlue(c));
  return y > 0.008856 ? 116 * std::cbrt(y) - 16 : 903.3 * y;
}

TEST(ColourMap, EndsAndMiddlesAreThePublishedOnes) {
  struct Row {
    const char* name;
    int at;
    QRgb colour;
  };
  for (const Row& row :
       {Row{"cividis", 0, 0xff00224e}, Row{"cividis", 255, 0xfffee838}, Row{"viridis", 0, 0xff440154}, Row{"viridis", 127, 0xff21918c},
        Row{"viridis", 255, 0xfffde725}, Row{"magma", 0, 0xff000004}, Row{"magma", 127, 0xffb5367a}, Row{"magma", 255, 0xfffcfdbf}}) {
    const QRgb c = colour_table(QLatin1String(row.name))[static_cast<size_t>(row.at)];
    EXPECT_NEAR(qRed(c), qRed(row.colour), 3) << row.name << row.at;
    EXPECT_NEAR(qGreen(c), qGreen(row.colour), 3) << row.name << row.at;
    EXPECT_NEAR(qBlue(c), qBlue(row.colour), 3) << row.name << row.at;
  }
}

TEST(ColourMap, LightnessOrdersMagnitudes) {
  for (const QString& name : colour_map_names()) {
    const ColourTable& table = colour_table(name);
    const bool rises = lightness(table[255]) > lightness(table[0]);
    for (size_t i = 8; i < 256; i += 8) EXPECT_EQ(lightness(table[i]) > lightness(table[i - 8]), rises) << name.toStdString() << " " << i;
  }
}

TEST(ColourMap, DivergingIsWhiteInTheMiddleAndAsDarkOnBothSides) {
  const ColourTable& table = colour_table(QStringLiteral("diverging"));
  EXPECT_GT(lightness(table[127]), 95);
  for (size_t i = 0; i < 128; i += 8) EXPECT_NEAR(lightness(table[i]), lightness(table[255 - i]), 6) << i;
  EXPECT_GT(qBlue(table[30]), qRed(table[30]));
  EXPECT_GT(qRed(table[225]), qBlue(table[225]));
}

TEST(ColourMap, CyclesThroughAllAndBack) {
  QString name = colour_map_names().front();
  EXPECT_EQ(name, QStringLiteral("cividis"));
  std::set<QString> seen;
  for (int i = 0; i < colour_map_names().size(); ++i) seen.insert(name = next_colour_map(name));
  EXPECT_EQ(static_cast<qsizetype>(seen.size()), colour_map_names().size());
  EXPECT_EQ(name, QStringLiteral("cividis"));
  EXPECT_EQ(colour_gradient(QStringLiteral("viridis")).colorStops().first(), QColor(colour_table(QStringLiteral("viridis"))[0]));
}

TEST(PlotStyle, SeriesAreTheColourBlindSafeOnesAndReadableOnEveryGround) {
  const QFont font = QGuiApplication::font();
  for (const PlotStyle& style :
       {PlotStyle::screen(light_palette(), font), PlotStyle::screen(dark_palette(), font), PlotStyle::on_paper()}) {
    std::set<QRgb> colours;
    std::set<int> markers;
    for (size_t i = 0; i < style.series.size(); ++i) {
      EXPECT_GE(contrast(style.series[i], style.background), 3.0) << i;
      colours.insert(style.series[i].rgb());
      markers.insert(static_cast<int>(style.series_marker(i).shape()));
      for (size_t j = 0; j < i; ++j) EXPECT_NE(style.series_pen(i).dashPattern(), style.series_pen(j).dashPattern()) << i << " " << j;
    }
    EXPECT_EQ(colours.size(), style.series.size());
    EXPECT_EQ(markers.size(), style.series.size());
    EXPECT_GE(contrast(style.text, style.background), 4.5);
    EXPECT_GE(contrast(style.faint_text, style.background), 4.5);
  }
  EXPECT_EQ(PlotStyle::on_paper().series[0], QColor(0x00, 0x72, 0xb2));
}

TEST(PlotStyle, PaperIsInPoints) {
  const PlotStyle style = PlotStyle::on_paper({}, 7, 8, 1.5);
  EXPECT_EQ(style.tick_font.pixelSize(), 7);
  EXPECT_EQ(style.label_font.pixelSize(), 8);
  EXPECT_DOUBLE_EQ(style.line_width, 1.5);
  EXPECT_EQ(style.background, QColor(Qt::white));
  EXPECT_TRUE(style.paper);
}

}  // namespace
