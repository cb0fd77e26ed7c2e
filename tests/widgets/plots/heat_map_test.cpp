// SPDX-License-Identifier: GPL-3.0-or-later
#include <gtest/gtest.h>

#include <QElapsedTimer>
#include <QSignalSpy>
#include <QTest>
#include <set>

#include "tests/widgets/plots/heat_sample.h"
#include "widgets/base/colour_map.h"
#include "widgets/plots/magnitude_plot.h"
#include "widgets/plots/overview_plot.h"

namespace {

using namespace rolora::widgets;
using rolora::test::count_colour;
using rolora::test::sample_matrix;
using rolora::test::shoot;

OverviewData overview(MatrixPtr a, MatrixPtr b = nullptr) {
  OverviewData d;
  d.a = {QStringLiteral("rotated"), std::move(a), {}};
  d.b = {QStringLiteral("plain"), std::move(b), {}};
  d.statistic = QStringLiteral("absmax");
  d.site = QStringLiteral("down_in");
  return d;
}

QImage grab_panel(HeatPlot& plot, size_t panel = 0) {
  const QRect r = plot.map(panel)->keyAxis()->axisRect()->rect();
  return plot.grab().toImage().copy(r);
}

void show(QWidget& plot, int width, int height) {
  plot.resize(width, height);
  plot.show();
  ASSERT_TRUE(QTest::qWaitForWindowExposed(&plot));
  QCoreApplication::processEvents();
}

double pixel_x(HeatPlot& plot, double column, size_t panel = 0) { return plot.map(panel)->keyAxis()->coordToPixel(column); }
double pixel_y(HeatPlot& plot, double row, size_t panel = 0) { return plot.map(panel)->valueAxis()->coordToPixel(row); }

TEST(HeatMap, OneHotChannelOfFourThousandIsSeenAtThreeHundredPixels) {
  for (const int64_t channel : {int64_t{0}, int64_t{1}, int64_t{1415}, int64_t{2047}, int64_t{4095}}) {
    OverviewPlot plot;
    plot.set_data(overview(sample_matrix(32, 4096, {{12, channel}}, true)));
    show(plot, 300, 260);
    const QRgb hot = plot.map(0)->colours().of_value(100);
    EXPECT_EQ(hot, colour_table(QStringLiteral("cividis"))[255]);
    EXPECT_GT(count_colour(grab_panel(plot), hot, 0), 0) << channel;
    const QPointF at(std::min(pixel_x(plot, static_cast<double>(channel)), pixel_x(plot, 4095.4) - 0.6), pixel_y(plot, 12));
    const auto cell = plot.map(0)->cell_at(at);
    ASSERT_TRUE(cell);
    EXPECT_EQ(*cell, (std::pair<int64_t, int64_t>(12, channel)));
  }
}

TEST(HeatMap, ClusteredOutliersAreAllDrawnAtEveryZoom) {
  const std::vector<std::pair<int64_t, int64_t>> planted = {{3, 100}, {3, 101},  {3, 103},  {3, 110},
                                                            {4, 100}, {5, 2000}, {5, 2002}, {31, 4090}};
  OverviewPlot plot;
  plot.set_data(overview(sample_matrix(32, 4096, planted, true)));
  show(plot, 700, 420);
  const QRgb hot = plot.map(0)->colours().of_value(100);
  for (const double span : {4096.0, 2500.0, 900.0, 333.3, 41.0, 7.5}) {
    for (const auto& [row, column] : planted) {
      const double lower = std::clamp(column - span / 3, -0.5, 4095.5 - span);
      plot.map(0)->keyAxis()->setRange(QCPRange(lower, lower + span));
      plot.replot(QCustomPlot::rpImmediateRefresh);
      const QImage image = plot.grab().toImage();
      const QPoint at(static_cast<int>(pixel_x(plot, static_cast<double>(column))),
                      static_cast<int>(pixel_y(plot, static_cast<double>(row))));
      bool seen = false;
      for (int dx = -1; dx <= 1; ++dx)
        seen = seen || (image.rect().contains(at + QPoint(dx, 0)) && image.pixelColor(at + QPoint(dx, 0)).rgb() == hot);
      EXPECT_TRUE(seen) << "row " << row << " column " << column << " span " << span;
    }
  }
}

TEST(HeatMap, AFixedScaleStaysFixed) {
  OverviewPlot plot;
  plot.set_data(overview(sample_matrix(8, 512, {{3, 100}}, true), sample_matrix(8, 512, {}, true, 2)));
  show(plot, 900, 400);
  const HeatScale before = plot.scale();
  EXPECT_DOUBLE_EQ(before.upper, 100) << "both panels on the scale of the larger one";
  EXPECT_EQ(plot.map(0)->colours().of_value(2.5), plot.map(1)->colours().of_value(2.5));
  plot.map(0)->keyAxis()->setRange(QCPRange(200, 260));
  plot.replot(QCustomPlot::rpImmediateRefresh);
  EXPECT_EQ(plot.scale(), before);
  plot.fit();
  plot.set_data(overview(sample_matrix(8, 512, {}, true), sample_matrix(8, 512, {}, true, 2)), true, true);
  EXPECT_EQ(plot.scale(), before) << "kept on purpose";
  QTest::keyClick(&plot, Qt::Key_F);
  EXPECT_LT(plot.scale().upper, 5) << "only F moves it";
  plot.set_data(overview(sample_matrix(8, 512, {{3, 100}}, true)), true, true);
  plot.replot(QCustomPlot::rpImmediateRefresh);
  const QPoint planted(static_cast<int>(pixel_x(plot, 100)), static_cast<int>(pixel_y(plot, 3)));
  EXPECT_EQ(plot.grab().toImage().pixelColor(planted), plot.style().out_of_range) << "beyond the scale is marked";
}

TEST(HeatMap, PooledPixelsAreTheMaximumOfTheirCellsAndHitsAreTheTrueCells) {
  const MatrixPtr matrix = sample_matrix(61, 977, {});
  const HeatSource source(matrix, false);
  const HeatWindow window{13.0, 941.5, 2.0, 58.0, 173, 21};
  const HeatGrid grid(source, window);
  const std::vector<int32_t> keys = grid.pool(std::atomic<bool>(false));
  std::set<std::pair<int64_t, int64_t>> covered;
  for (int y = 0; y < window.height; ++y) {
    for (int x = 0; x < window.width; ++x) {
      const CellBlock b = grid.block(x, y);
      float most = 0;
      for (int64_t r = b.row_begin; r < b.row_end; ++r) {
        for (int64_t c = b.column_begin; c < b.column_end; ++c) {
          most = std::max(most, std::fabs(matrix->at(r, c)));
          covered.insert({r, c});
        }
      }
      ASSERT_EQ(HeatSource::value_of(keys[static_cast<size_t>(y * window.width + x)], false), most);
      const auto [r, c] = largest_cell(source, b);
      ASSERT_EQ(std::fabs(matrix->at(r, c)), most);
    }
  }
  EXPECT_EQ(covered.size(), static_cast<size_t>(56 * 929)) << "every cell in sight is in a pixel";
  EXPECT_EQ(grid.pooled(), (std::pair<int64_t, int64_t>(3, 6)));
}

TEST(HeatMap, SignedKeysKeepTheSignOfTheLargerMagnitude) {
  auto matrix = std::make_shared<Matrix>(Matrix{2, 4, {1, -3, 2, 0.5F, -0.25F, 0, std::nanf(""), 1}});
  const HeatSource source(matrix, true);
  const HeatGrid grid(source, {0, 4, 0, 2, 2, 1});
  const auto keys = grid.pool(std::atomic<bool>(false));
  EXPECT_FLOAT_EQ(HeatSource::value_of(keys[0], true), -3);
  EXPECT_TRUE(std::isnan(HeatSource::value_of(keys[1], true))) << "not a number is never hidden";
  HeatScale scale;
  scale.is_signed = true;
  scale.logarithmic = false;
  scale.upper = 3;
  const HeatColours colours(scale, 1, QString(), Qt::magenta);
  EXPECT_EQ(colours.of(keys[0]), colour_table(QStringLiteral("diverging"))[0]);
  EXPECT_EQ(colours.of(keys[1]), colours.not_a_number());
  EXPECT_GT(qGray(colours.of_value(0)), 235) << "zero is white";
}

TEST(HeatMap, ColoursFollowTheScale) {
  HeatScale scale;
  scale.lower = 0.25;
  scale.upper = 64;
  const HeatColours log(scale, 1, QStringLiteral("viridis"), Qt::magenta);
  const ColourTable& table = colour_table(QStringLiteral("viridis"));
  EXPECT_EQ(log.of_value(64), table[255]);
  EXPECT_EQ(log.of_value(0.1), table[0]);
  EXPECT_EQ(log.of_value(0), table[0]);
  EXPECT_EQ(log.of_value(65), QColor(Qt::magenta).rgb());
  const int middle = qBlue(log.of_value(4)), expected = qBlue(table[128]);
  EXPECT_NEAR(middle, expected, 3) << "4 is half way between 1/4 and 64";
  const HeatColours halved(scale, 0.5, QStringLiteral("viridis"), Qt::magenta);
  EXPECT_EQ(halved.of(HeatSource::key_of(128, false)), table[255]) << "values are shown times the factor";
}

TEST(HeatMap, DifferenceAndRatioAreCentred) {
  OverviewData d = overview(sample_matrix(8, 64, {{2, 5}}, true), sample_matrix(8, 64, {{6, 9}}, true, 3));
  d.comparison = Comparison::difference;
  OverviewPlot plot;
  plot.set_data(d);
  show(plot, 600, 300);
  ASSERT_EQ(plot.contents().panels.size(), 1U);
  EXPECT_TRUE(plot.scale().is_signed);
  const QColor more = plot.map(0)->colours().of_value(90), less = plot.map(0)->colours().of_value(-90);
  EXPECT_GT(more.red(), more.blue());
  EXPECT_GT(less.blue(), less.red());
  const QImage image = plot.grab().toImage();
  EXPECT_GT(image.pixelColor(static_cast<int>(pixel_x(plot, 5)), static_cast<int>(pixel_y(plot, 2))).red(), 100);
  EXPECT_GT(image.pixelColor(static_cast<int>(pixel_x(plot, 9)), static_cast<int>(pixel_y(plot, 6))).blue(), 100);
  shoot(plot, QStringLiteral("overview-difference"));
  d.comparison = Comparison::ratio;
  plot.set_data(d);
  QCoreApplication::processEvents();
  EXPECT_TRUE(plot.scale().powers);
  EXPECT_GT(plot.scale().upper, 4);
  shoot(plot, QStringLiteral("overview-ratio"));
}

TEST(HeatMap, RowsAreDividedByTheirRms) {
  OverviewData d = overview(sample_matrix(4, 16, {}, true));
  d.a.divisors = {1, 2, 4, 8};
  d.over_rms = true;
  OverviewPlot plot;
  plot.set_data(d);
  EXPECT_FLOAT_EQ(static_cast<float>(plot.contents().panels[0].source->at(3, 5)), d.a.values->at(3, 5) / 8);
  EXPECT_TRUE(plot.contents().scale_label.contains(QStringLiteral("rms")));
}

TEST(HeatMap, AFrameCostsAFewBlitsOfThePicture) {
  struct Row {
    const char* name;
    int64_t rows, columns;
    double most;    // blits
    double passes;  // over its cells
  };
  const double blit = rolora::test::blit_milliseconds(QSize(1200, 700));
  for (const Row& row : {Row{"overview 32×4096", 32, 4096, 40, 0}, Row{"site 2048×4096", 2048, 4096, 90, 0.35},
                         Row{"large site 2048×14336", 2048, 14336, 90, 0.09}}) {
    MagnitudePlot plot;
    MagnitudeData d;
    auto matrix =
        std::make_shared<Matrix>(Matrix{row.rows, row.columns, std::vector<float>(static_cast<size_t>(row.rows * row.columns), 0.5F)});
    for (size_t i = 0; i < matrix->values.size(); i += 97) matrix->values[i] = static_cast<float>(i % 1013) * 0.01F;
    d.a = {QStringLiteral("plain"), matrix, {}};
    d.site = QStringLiteral("layers.0.down_in");
    plot.set_data(d);
    plot.resize(1200, 700);
    plot.show();
    ASSERT_TRUE(QTest::qWaitForWindowExposed(&plot));
    QTRY_VERIFY(!plot.map(0)->is_waiting());
    if (row.rows * row.columns > HeatSource::kDirectCells) QTRY_VERIFY(plot.map(0)->source()->coarse != nullptr);
    const double frame = rolora::test::least_milliseconds(15, [&](int i) {  // zoomed a little, panned step by step
      const double c = static_cast<double>(row.columns);
      plot.map(0)->keyAxis()->setRange(QCPRange(c * 0.001 * (i + 1), c * (0.951 + 0.001 * i)));
      plot.replot(QCustomPlot::rpImmediateRefresh);
    });
    // A frame pools cells, on this thread alone where no other core is free: what that costs in blits depends on how fast memory is.
    volatile float largest = 0;
    const double pass =
        rolora::test::least_milliseconds(3, [&](int) { largest = *std::max_element(matrix->values.begin(), matrix->values.end()); });
    std::printf("[ RATIO    ] %s: pan %.2f ms, %.1f blits of %.2f ms, %.2f passes of %.2f ms\n", row.name, frame, frame / blit, blit,
                frame / pass, pass);
    EXPECT_LT(frame, std::max(row.most * blit, row.passes * pass)) << row.name;
  }
}

TEST(HeatMap, Screens) {
  const std::vector<std::pair<int64_t, int64_t>> hot = {{0, 115}, {1, 115}, {2, 115}, {5, 300}, {7, 20}};
  for (const bool dark : {false, true}) {
    OverviewPlot plot;
    if (dark) plot.setPalette(rolora::test::dark_palette());
    plot.set_data(overview(sample_matrix(8, 512, {}, true, 7), sample_matrix(8, 512, hot, true)));
    show(plot, 1100, 420);
    Selection s;
    s.layer = 2;
    s.channel = 115;
    plot.set_selection(s);
    QTest::mouseMove(&plot, QPoint(static_cast<int>(pixel_x(plot, 300, 1)), static_cast<int>(pixel_y(plot, 5, 1))));
    QCoreApplication::processEvents();
    shoot(plot, dark ? QStringLiteral("overview-dark") : QStringLiteral("overview-light"));
    plot.resize(620, 560);
    QCoreApplication::processEvents();
    shoot(plot, dark ? QStringLiteral("overview-stacked-dark") : QStringLiteral("overview-stacked-light"));
    MagnitudePlot magnitude;
    if (dark) magnitude.setPalette(rolora::test::dark_palette());
    MagnitudeData m;
    m.a = {QStringLiteral("rotated"), sample_matrix(512, 512, {}, false, 7), {0.7}};
    m.b = {QStringLiteral("plain"), sample_matrix(512, 512, {{17, 115}, {18, 115}, {400, 115}}), {2.1}};
    m.over_rms = true;
    m.site = QStringLiteral("layers.3.down_in");
    for (int i = 0; i < 512; ++i) m.tokens.append(QStringLiteral(" word%1").arg(i));
    magnitude.set_data(m);
    show(magnitude, 1100, 560);
    QTest::mouseMove(&magnitude, QPoint(static_cast<int>(pixel_x(magnitude, 115, 1)), static_cast<int>(pixel_y(magnitude, 17.4, 1))));
    QCoreApplication::processEvents();
    shoot(magnitude, dark ? QStringLiteral("magnitude-dark") : QStringLiteral("magnitude-light"));
    magnitude.map(0)->keyAxis()->setRange(QCPRange(100, 140));
    magnitude.map(0)->valueAxis()->setRange(QCPRange(10, 30));
    magnitude.replot(QCustomPlot::rpImmediateRefresh);
    shoot(magnitude, dark ? QStringLiteral("magnitude-near-dark") : QStringLiteral("magnitude-near-light"));
    EXPECT_FALSE(magnitude.sentence().isEmpty());
  }
}

}  // namespace
