// SPDX-License-Identifier: GPL-3.0-or-later
// Heat maps on paper: every cell, up to the frame.
#include <gtest/gtest.h>

#include <QDir>
#include <QProcess>
#include <QRegularExpression>
#include <QStandardPaths>
#include <QTemporaryDir>

#include "tests/widgets/plots/heat_sample.h"
#include "widgets/plots/figure_exporter.h"
#include "widgets/plots/overview_plot.h"
#include "widgets/plots/svg_compact.h"

namespace {

using namespace rolora::widgets;

FigurePtr two_states(MatrixPtr a, MatrixPtr b) {
  OverviewData d;
  d.a = {QStringLiteral("plain"), std::move(a), {}, {}};
  d.b = {QStringLiteral("rotated"), std::move(b), {}, {}};
  d.statistic = QStringLiteral("absmax");
  d.site = QStringLiteral("down_in");
  OverviewPlot plot;
  plot.set_data(d);
  return plot.figure();
}

/// Of every column of the picture that has the colour: the longest run of white below or above it before the frame.
int white_beside(const QImage& image, QRgb colour, bool vertical) {
  int worst = 0;
  const auto at = [&](int along, int across) { return vertical ? image.pixel(across, along) : image.pixel(along, across); };
  const int length = vertical ? image.height() : image.width(), lines = vertical ? image.width() : image.height();
  for (int across = 0; across < lines; ++across) {
    int first = -1, last = -1;
    for (int along = 0; along < length; ++along) {
      if ((at(along, across) | 0xff000000U) != (colour | 0xff000000U)) continue;
      if (first < 0) first = along;
      last = along;
    }
    if (first < 0 || last - first < 20) continue;
    for (const int step : {-1, 1}) {
      int white = 0;
      for (int along = (step > 0 ? last : first) + step; along >= 0 && along < length && qGray(at(along, across)) > 240 && white < 30;
           along += step)
        ++white;
      if (white < 30) worst = std::max(worst, white);  // beyond is the picture's own ground
    }
  }
  return worst;
}

TEST(PaperImage, ReachesTheFrameOnAllSides) {
  const auto flat = std::make_shared<Matrix>(Matrix{4, 688, std::vector<float>(4 * 688, 7.0F)});
  const QRgb colour = colour_table(QStringLiteral("cividis"))[255];
  for (const double width : {3.25, 5.5, 6.75}) {
    FigureSettings settings;
    settings.width_inches = width;
    settings.dots_per_inch = 600;
    const QImage image = figure_image(*two_states(flat, flat), settings);
    EXPECT_LE(white_beside(image, colour, true), 2) << width << " in";
    EXPECT_LE(white_beside(image, colour, false), 2) << width << " in";
  }
}

TEST(PaperImage, AVectorFileHoldsEveryCellOfASmallMatrix) {
  if (QStandardPaths::findExecutable(QStringLiteral("pdfimages")).isEmpty()) GTEST_SKIP() << "poppler-utils (pdfimages) is missing";
  QTemporaryDir folder;
  const QString file = folder.filePath(QStringLiteral("figure.pdf"));
  const FigurePtr figure =
      two_states(rolora::test::sample_matrix(4, 688, {{2, 115}}, true), rolora::test::sample_matrix(4, 688, {}, true, 2));
  FigureSettings settings;
  settings.width_inches = 3.25;
  ASSERT_TRUE(save_figure(*figure, settings, file).ok());
  QProcess process;
  process.start(QStringLiteral("pdfimages"), {QStringLiteral("-list"), file});
  ASSERT_TRUE(process.waitForFinished(20000));
  const QString list = QString::fromUtf8(process.readAllStandardOutput());
  int whole = 0;
  for (const QString& line : list.split(QLatin1Char('\n'))) {
    const QStringList cells = line.split(QRegularExpression(QStringLiteral("\\s+")), Qt::SkipEmptyParts);
    if (cells.size() < 5 || cells[2] != QLatin1String("image")) continue;
    whole += cells[3].toInt() % 688 == 0 && cells[4].toInt() % 4 == 0 ? 1 : 0;
  }
  EXPECT_EQ(whole, 2) << list.toStdString();
  EXPECT_FALSE(figure_svg(*figure, settings).contains("max of")) << "nothing is pooled";
}

TEST(PaperImage, CompactSvgKeepsWhatIsDrawn) {
  const QByteArray svg =
      "<?xml version=\"1.0\"?>\n<svg>\n<defs>\n</defs>\n<g fill=\"none\" stroke=\"black\" stroke-linecap=\"square\" >\n\n"
      "<g fill=\"#ff0000\" fill-opacity=\"1\" stroke=\"none\" transform=\"matrix(1,0,0,1,0,0)\"\nfont-family=\"A\" font-size=\"9\" "
      "font-weight=\"400\" font-style=\"normal\" \n>\n<path vector-effect=\"none\" d=\"M1,2 L3,4\"/>\n</g>\n\n"
      "<g fill=\"none\" stroke=\"none\" transform=\"matrix(1,0,0,1,0,0)\"\n>\n</g>\n\n"
      "<g fill=\"#ff0000\" fill-opacity=\"1\" stroke=\"none\" transform=\"matrix(1,0,0,1,0,0)\"\nfont-family=\"B\" \n>\n<path "
      "d=\"M5,6\"/>\n</g>\n\n"
      "<g fill=\"#00ff00\" fill-opacity=\"0.5\" stroke=\"none\" transform=\"matrix(2,0,0,2,0,0)\"\n>\n<text font-family=\"A\" x=\"1\" \n "
      ">a  b</text>\n"
      "</g>\n</g>\n</svg>\n";
  const QByteArray small = compact_svg(svg);
  EXPECT_EQ(small.count("<g "), 3) << small.toStdString();
  EXPECT_EQ(small.count("</g>"), 3);
  EXPECT_TRUE(small.contains("M1,2 L3,4") && small.contains("M5,6") && small.contains(">a  b</text>"));
  EXPECT_TRUE(small.contains("fill-opacity=\"0.5\"") && small.contains("matrix(2,0,0,2,0,0)") && small.contains("<text font-family=\"A\""));
  EXPECT_FALSE(small.contains("matrix(1,0,0,1,0,0)") || small.contains("font-size"));
}

}  // namespace
