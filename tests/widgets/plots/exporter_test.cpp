// SPDX-License-Identifier: GPL-3.0-or-later
#include <gtest/gtest.h>

#include <QFile>
#include <QMimeData>
#include <QProcess>
#include <QRegularExpression>
#include <QStandardPaths>
#include <QTemporaryDir>
#include <QTest>
#include <QXmlStreamReader>

#include "tests/widgets/plots/heat_sample.h"
#include "widgets/plots/figure_exporter.h"
#include "widgets/plots/overview_plot.h"
#include "widgets/plots/surface_plot.h"

namespace {

using namespace rolora::widgets;
using rolora::test::sample_matrix;

FigurePtr overview_figure() {
  OverviewData d;
  d.a = {QStringLiteral("rotated"), sample_matrix(8, 512, {}, true), {}};
  d.b = {QStringLiteral("plain"), sample_matrix(8, 512, {{2, 115}, {5, 300}}, true, 2), {}};
  d.statistic = QStringLiteral("absmax");
  d.site = QStringLiteral("down_in");
  d.caption = QStringLiteral("Largest |x| of each channel, \"story\".");
  OverviewPlot plot;
  plot.resize(900, 400);
  plot.set_data(d);
  return plot.figure();
}

QString tool_output(const QString& program, const QStringList& arguments) {
  QProcess process;
  process.start(program, arguments);
  if (!process.waitForFinished(20000)) return {};
  return QString::fromUtf8(process.readAllStandardOutput());
}

TEST(FigureExporter, PdfPageFontsAndImages) {
  const QString pdfinfo = QStandardPaths::findExecutable(QStringLiteral("pdfinfo"));
  if (pdfinfo.isEmpty()) GTEST_SKIP() << "poppler-utils (pdfinfo, pdffonts, pdfimages, pdftotext) is missing";
  QTemporaryDir folder;
  const QString file = folder.filePath(QStringLiteral("figure.pdf"));
  const FigurePtr figure = overview_figure();
  FigureSettings settings;
  settings.height_inches = 150 / 72.0;
  ASSERT_TRUE(save_figure(*figure, settings, file).ok());
  const QString info = tool_output(pdfinfo, {file});
  EXPECT_TRUE(info.contains(QRegularExpression(QStringLiteral("Page size:\\s+234 x 150 pts")))) << info.toStdString();
  EXPECT_TRUE(info.contains(QStringLiteral("overview-down_in-absmax-rotated-plain"))) << info.toStdString();
  EXPECT_TRUE(info.contains(QRegularExpression(QStringLiteral("Creator:\\s+RoLoRA Workbench"))));
  EXPECT_TRUE(info.contains(QRegularExpression(QStringLiteral("Pages:\\s+1\\b"))));
  const QStringList fonts = tool_output(QStringLiteral("pdffonts"), {file}).split(QLatin1Char('\n'), Qt::SkipEmptyParts);
  ASSERT_GE(fonts.size(), 3);
  for (qsizetype i = 2; i < fonts.size(); ++i) {
    EXPECT_TRUE(fonts[i].contains(QRegularExpression(QStringLiteral("TrueType.*\\byes\\s+(yes|no)\\s+yes\\b")))) << fonts[i].toStdString();
  }
  const QString images = tool_output(QStringLiteral("pdfimages"), {QStringLiteral("-list"), file});
  EXPECT_FALSE(images.contains(QStringLiteral("jpeg"))) << images.toStdString();
  EXPECT_GE(images.count(QRegularExpression(QStringLiteral("\\bimage\\b"))), 2) << images.toStdString();
  const QString text = tool_output(QStringLiteral("pdftotext"), {file, QStringLiteral("-")});
  EXPECT_TRUE(text.contains(QStringLiteral("Channel of down_proj input"))) << text.toStdString();
}

TEST(FigureExporter, TheHeatMapOfAPdfIsLossless) {
  if (QStandardPaths::findExecutable(QStringLiteral("pdfimages")).isEmpty()) GTEST_SKIP() << "poppler-utils (pdfimages) is missing";
  QTemporaryDir folder;
  const QString file = folder.filePath(QStringLiteral("figure.pdf"));
  OverviewData d;
  d.a = {QStringLiteral("plain"), sample_matrix(8, 64, {{2, 15}}, true), {}};
  d.statistic = QStringLiteral("absmax");
  d.site = QStringLiteral("down_in");
  OverviewPlot plot;
  plot.set_data(d);
  ASSERT_TRUE(save_figure(*plot.figure(), FigureSettings{}, file).ok());
  tool_output(QStringLiteral("pdfimages"), {QStringLiteral("-png"), file, folder.filePath(QStringLiteral("image"))});
  bool found = false;
  for (const QString& name : QDir(folder.path()).entryList({QStringLiteral("image*.png")})) {
    const QImage image(folder.filePath(name));
    if (image.width() % 64 != 0 || image.height() % 8 != 0 || image.width() < 64) continue;
    found = true;
    const int w = image.width() / 64, h = image.height() / 8;
    for (int r = 0; r < 8; ++r) {
      for (int c = 0; c < 64; ++c) {
        for (const QPoint corner : {QPoint(0, 0), QPoint(w - 1, h - 1)}) {
          ASSERT_EQ(image.pixelColor(c * w + corner.x(), r * h + corner.y()).rgb(), plot.map(0)->colours().of_value(d.a.values->at(r, c)))
              << "row " << r << " column " << c;
        }
      }
    }
  }
  EXPECT_TRUE(found) << "no image with whole pixels a cell";
}

TEST(FigureExporter, TheSameInputGivesTheSameBytes) {
  for (const bool outlines : {false, true}) {
    FigureSettings settings;
    settings.text_outlines = outlines;
    const QByteArray one = figure_svg(*overview_figure(), settings), two = figure_svg(*overview_figure(), settings);
    EXPECT_EQ(one, two);
    EXPECT_FALSE(one.contains("2026") && one.contains("date"));
  }
  EXPECT_EQ(figure_pdf(*overview_figure(), {}), figure_pdf(*overview_figure(), {}));
  FigureSettings small;
  small.dots_per_inch = 150;
  EXPECT_EQ(figure_png(*overview_figure(), small), figure_png(*overview_figure(), small));
}

TEST(FigureExporter, SvgHasAViewBoxInPointsAndTexts) {
  FigureSettings settings;
  settings.height_inches = 2;
  const FigurePtr figure = overview_figure();
  const QByteArray svg = figure_svg(*figure, settings);
  QXmlStreamReader xml(svg);
  ASSERT_TRUE(xml.readNextStartElement());
  EXPECT_EQ(xml.attributes().value(QStringLiteral("viewBox")), QStringLiteral("0 0 234 144"));
  EXPECT_TRUE(xml.attributes().value(QStringLiteral("width")).endsWith(QStringLiteral("mm")));
  while (!xml.atEnd()) xml.readNext();
  EXPECT_FALSE(xml.hasError()) << xml.errorString().toStdString();
  EXPECT_TRUE(svg.contains("<text"));
  EXPECT_TRUE(svg.contains("Channel of down_proj input"));
  EXPECT_TRUE(svg.contains("data:image/png"));
  EXPECT_TRUE(svg.contains("font-size=\"8\"")) << "labels are eight points";
  settings.text_outlines = true;
  const QByteArray outlines = figure_svg(*figure, settings);
  EXPECT_FALSE(outlines.contains("<text")) << "texts are paths";
  EXPECT_GT(outlines.count("<path"), svg.count("<path") + 20);
}

TEST(FigureExporter, PngHasItsSizeAndMayBeTransparent) {
  const FigurePtr figure = overview_figure();
  FigureSettings settings;
  settings.dots_per_inch = 144;
  settings.height_inches = 1.5;
  const QImage opaque = QImage::fromData(figure_png(*figure, settings));
  EXPECT_EQ(opaque.size(), QSize(468, 216));
  EXPECT_NEAR(opaque.dotsPerMeterX(), 144 / 0.0254, 1);
  EXPECT_EQ(opaque.pixelColor(1, 1), QColor(Qt::white));
  settings.transparent = true;
  const QImage clear = QImage::fromData(figure_png(*figure, settings));
  EXPECT_EQ(clear.pixelColor(1, 1).alpha(), 0);
  int opaque_pixels = 0;
  for (int y = 0; y < clear.height(); ++y) {
    for (int x = 0; x < clear.width(); ++x) opaque_pixels += clear.pixelColor(x, y).alpha() == 255;
  }
  EXPECT_GT(opaque_pixels, clear.width() * clear.height() / 5) << "the heat maps themselves are not";
}

TEST(FigureExporter, CsvIsWhatIsVisibleAndReadsBack) {
  OverviewData d;
  d.a = {QStringLiteral("a, \"b\""), sample_matrix(2, 16, {{1, 3}}, true), {}};
  d.b = {QStringLiteral("plain"), sample_matrix(2, 16, {}, true), {}};
  d.statistic = QStringLiteral("absmax");
  OverviewPlot plot;
  plot.set_data(d);
  const QList<QByteArray> lines = figure_csv(*plot.figure()).trimmed().split('\n');
  ASSERT_EQ(lines.size(), 1 + 2 * 16);
  EXPECT_EQ(lines[0], "layer,channel,\"a, \"\"b\"\"\",plain");
  const QList<QByteArray> cells = lines[1 + 16 + 3].split(',');
  EXPECT_EQ(cells[0], "1");
  EXPECT_EQ(cells[1], "3");
  EXPECT_EQ(cells[2], "100");
  EXPECT_EQ(cells[3].toFloat(), d.b.values->at(1, 3));
  plot.map(0)->keyAxis()->setRange(QCPRange(3.6, 8.4));
  EXPECT_EQ(figure_csv(*plot.figure()).trimmed().split('\n').size(), 1 + 2 * 5);
}

TEST(FigureExporter, ClipboardAndErrors) {
  const FigurePtr figure = overview_figure();
  FigureSettings settings;
  settings.dots_per_inch = 96;
  const auto data = figure_clipboard(*figure, settings);
  EXPECT_TRUE(data->hasImage());
  EXPECT_EQ(data->text(), figure->caption());
  EXPECT_TRUE(save_figure(*figure, settings, QStringLiteral("figure.doc")).error.contains(QStringLiteral("pdf")));
  EXPECT_FALSE(save_figure(*figure, settings, QStringLiteral("/no/such/folder/figure.svg")).ok());
}

TEST(FigureExporter, EveryPaperWidth) {
  const FigurePtr figure = overview_figure();
  for (const PaperWidth& width : paper_widths()) {
    FigureSettings settings;
    settings.width_inches = width.inches;
    settings.dots_per_inch = 220;
    const QImage image = figure_image(*figure, settings);
    EXPECT_EQ(image.width(), static_cast<int>(std::lround(width.inches * 220)));
    const QString folder = qEnvironmentVariable("ROLORA_SHOTS");
    if (!folder.isEmpty()) image.save(folder + QStringLiteral("/paper-overview-%1.png").arg(width.inches));
  }
}

}  // namespace
