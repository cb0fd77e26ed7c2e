// SPDX-License-Identifier: GPL-3.0-or-later
// What heat maps say and mark: multiples of the one median, thresholds of outliers, default scales of differences and ratios.
#include <gtest/gtest.h>

#include <QSignalSpy>
#include <QTest>

#include "tests/widgets/plots/heat_sample.h"
#include "widgets/plots/heat_bar.h"
#include "widgets/plots/magnitude_plot.h"
#include "widgets/plots/overview_plot.h"

namespace {

using namespace rolora::widgets;
using rolora::test::sample_matrix;

void show(QWidget& plot, int width = 900, int height = 420) {
  plot.resize(width, height);
  plot.show();
  ASSERT_TRUE(QTest::qWaitForWindowExposed(&plot));
  QCoreApplication::processEvents();
}

OverviewData overview(MatrixPtr a, MatrixPtr b = nullptr) {
  OverviewData d;
  d.a = {QStringLiteral("plain"), std::move(a), {}, {}};
  d.b = {QStringLiteral("rotated"), std::move(b), {}, {}};
  d.statistic = QStringLiteral("absmax");
  d.site = QStringLiteral("down_in");
  return d;
}

QString sentence_at(HeatPlot& plot, int layer, int channel, int token = -1) {
  Selection s;
  s.layer = layer;
  s.channel = channel;
  s.token = token;
  plot.set_selection(s);
  return plot.sentence();
}

TEST(HeatMeasure, TimesMedianIsOfTheTokensMaximaEverywhere) {
  OverviewData d = overview(sample_matrix(2, 64, {{1, 9}}, true));
  d.a.token_medians = {4, 8};
  OverviewPlot plot;
  plot.set_data(d);
  show(plot);
  EXPECT_TRUE(sentence_at(plot, 1, 9).endsWith(QStringLiteral("absmax 100.0 (12.5× median)"))) << plot.sentence().toStdString();
  d.over_rms = true;
  d.a.divisors = {2, 5};
  plot.set_data(d);
  QCoreApplication::processEvents();
  EXPECT_TRUE(sentence_at(plot, 1, 9).endsWith(QStringLiteral("absmax / rms 20.00 (12.5× median)")))
      << "the scale does not change the multiple: " << plot.sentence().toStdString();
  d.over_rms = false;
  d.a.divisors.clear();
  d.statistic = QStringLiteral("kurtosis");
  plot.set_data(d);
  QCoreApplication::processEvents();
  EXPECT_FALSE(sentence_at(plot, 1, 9).contains(QStringLiteral("median"))) << "a kurtosis is no magnitude";
  MagnitudeData m;
  m.a = {QStringLiteral("plain"), sample_matrix(16, 64, {{3, 9}}), {}, {8}};
  m.site = QStringLiteral("layers.1.down_in");
  MagnitudePlot magnitude;
  magnitude.set_data(m);
  show(magnitude);
  EXPECT_TRUE(sentence_at(magnitude, 1, 9, 3).contains(QStringLiteral("(12.5× median)"))) << magnitude.sentence().toStdString();
}

TEST(HeatMeasure, AnotherMeasureIsNamedInFull) {
  OverviewPlot plot;
  plot.set_data(overview(sample_matrix(2, 64, {{1, 9}}, true)));
  show(plot);
  const double median = plot.contents().panels[0].source->figures().median;
  const QString said = sentence_at(plot, 1, 9);
  EXPECT_TRUE(said.contains(QStringLiteral("× the map's median absmax)"))) << said.toStdString();
  const double times = said.section(QLatin1Char('('), 1).section(QChar(0xD7), 0, 0).toDouble();
  EXPECT_NEAR(times, 100 / median, 0.5);
}

TEST(HeatMeasure, SignsAndNumbersAreCountedInEveryCell) {
  const auto matrix = std::make_shared<Matrix>(Matrix{1000, 1000, std::vector<float>(1'000'000, 1.0F)});
  matrix->values[999'998] = -1;  // in no regular sample of every fifth cell
  matrix->values[999'997] = std::nanf("");
  const HeatSource source(matrix, true);
  EXPECT_TRUE(source.figures().any_negative);
  EXPECT_EQ(source.figures().not_numbers, 1);
  EXPECT_EQ(source.cells_beyond(0.5), 999'999);
  EXPECT_EQ(source.cells_beyond(1), 0);
}

TEST(HeatMeasure, TheUsualThresholdFindsWhatStandsOut) {
  const auto far = std::make_shared<HeatSource>(sample_matrix(16, 512, {{3, 9}, {5, 400}}, true), false);
  EXPECT_DOUBLE_EQ(usual_threshold({{QString(), far}}), 10 * far->figures().median) << "ten times the median, where something is there";
  const auto near = std::make_shared<HeatSource>(sample_matrix(16, 512, {}, true), false);
  const double threshold = usual_threshold({{QString(), near}});
  EXPECT_DOUBLE_EQ(threshold, near->figures().p999) << "nothing is ten times the median";
  int above = 0;
  for (const float v : near->matrix().values) above += v >= threshold ? 1 : 0;
  EXPECT_NEAR(above, 8, 2) << "a thousandth of 8192";
}

TEST(HeatMeasure, CtrlArrowsGoThroughAllRowsAndSayWhenThereIsNoMore) {
  OverviewPlot plot;
  plot.set_data(overview(sample_matrix(4, 512, {{0, 9}, {2, 40}}, true)));
  show(plot);
  QObject::connect(&plot, &Plot::proposed, &plot, [&](const Selection& s) { plot.set_selection(s); });
  QSignalSpy told(&plot, &Plot::told);
  sentence_at(plot, 0, 9);
  QTest::keyClick(&plot, Qt::Key_Right, Qt::ControlModifier);
  EXPECT_EQ(plot.selection().layer, 2) << "on through the rows that follow";
  EXPECT_EQ(plot.selection().channel, 40);
  EXPECT_EQ(told.count(), 0);
  QTest::keyClick(&plot, Qt::Key_Right, Qt::ControlModifier);
  EXPECT_EQ(plot.selection().channel, 40);
  ASSERT_EQ(told.count(), 1);
  EXPECT_TRUE(told[0][0].toString().contains(QStringLiteral("further that way"))) << told[0][0].toString().toStdString();
  plot.set_threshold(1000);
  QTest::keyClick(&plot, Qt::Key_Left, Qt::ControlModifier);
  ASSERT_EQ(told.count(), 2);
  EXPECT_TRUE(told[1][0].toString().contains(QStringLiteral("the largest is 100"))) << told[1][0].toString().toStdString();
  plot.set_threshold(std::nullopt);
  QTest::keyClick(&plot, Qt::Key_Left, Qt::ControlModifier);
  EXPECT_EQ(plot.selection().layer, 0);
  EXPECT_EQ(plot.selection().channel, 9);
}

TEST(HeatMeasure, TheThresholdIsMarkedAtTheScale) {
  OverviewPlot plot;
  plot.set_data(overview(sample_matrix(4, 512, {{0, 9}}, true)));
  show(plot);
  const auto arrows = [&] {
    std::vector<double> at;
    for (int i = 0; i < plot.itemCount(); ++i) {
      const auto* line = qobject_cast<QCPItemLine*>(plot.item(i));
      if (line != nullptr && line->head().style() == QCPLineEnding::esFlatArrow) at.push_back(1 - line->start->coords().y());
    }
    return at;
  };
  ASSERT_EQ(arrows().size(), 1U);
  EXPECT_NEAR(arrows()[0], plot.scale().position(plot.threshold()), 1e-9);
  plot.set_threshold(50);
  ASSERT_EQ(arrows().size(), 1U);
  EXPECT_NEAR(arrows()[0], plot.scale().position(50), 1e-9);
}

TEST(HeatMeasure, RatiosByNextToNothingDoNotStretchTheScale) {
  const MatrixPtr a = sample_matrix(8, 2048, {}, true);
  auto b = std::make_shared<Matrix>(*a);
  for (float& v : b->values) v *= 0.5F;
  b->values[5] = 1e-7F;   // below a thousandth of the median: no ratio
  b->values[6] = 0.002F;  // a ratio of hundreds: out of range, and marked
  OverviewData d = overview(a, b);
  d.comparison = Comparison::ratio;
  OverviewPlot plot;
  plot.set_data(d);
  show(plot);
  EXPECT_NEAR(plot.scale().upper, 1, 1e-6) << "×2, what all cells have";
  const HeatSource& source = *plot.contents().panels[0].source;
  EXPECT_TRUE(std::isnan(source.at(0, 5)));
  EXPECT_GT(source.at(0, 6), 6);
  EXPECT_EQ(plot.map(0)->colours().of_value(source.at(0, 6)), plot.style().out_of_range.rgb());
  EXPECT_TRUE(plot.scale_note().startsWith(QStringLiteral("1 values lie beyond"))) << plot.scale_note().toStdString();
  EXPECT_TRUE(plot.scale_note().contains(QStringLiteral("1 cells grey"))) << plot.scale_note().toStdString();
  EXPECT_TRUE(plot.figure()->caption().contains(QStringLiteral("lie beyond the scale")));
}

TEST(HeatMeasure, ADifferenceShowsItsStructureAndHidesNothing) {
  OverviewData d = overview(sample_matrix(8, 512, {{2, 5}}, true), sample_matrix(8, 512, {}, true, 3));
  d.comparison = Comparison::difference;
  OverviewPlot plot;
  plot.set_data(d);
  show(plot);
  EXPECT_TRUE(plot.scale().logarithmic);
  EXPECT_DOUBLE_EQ(plot.scale().upper, plot.contents().panels[0].source->figures().most);
  const QColor usual = plot.map(0)->colours().of_value(1);
  EXPECT_GT(usual.red() - usual.blue(), 40) << "1 of 100 is told from white";
  EXPECT_TRUE(plot.scale_note().isEmpty());
}

TEST(HeatMeasure, TheSecondPanelStandsWhereItIsAskedFor) {
  OverviewPlot plot;
  plot.set_data(overview(sample_matrix(4, 64, {}, true), sample_matrix(4, 64, {}, true, 2)));
  show(plot, 700, 600);
  const auto beside = [&] { return plot.map(1)->keyAxis()->axisRect()->left() > plot.map(0)->keyAxis()->axisRect()->right(); };
  EXPECT_FALSE(beside());
  plot.set_arrangement(Arrangement::beside);
  plot.replot(QCustomPlot::rpImmediateRefresh);
  EXPECT_TRUE(beside());
  plot.resize(1400, 400);
  plot.set_arrangement(Arrangement::below);
  plot.replot(QCustomPlot::rpImmediateRefresh);
  EXPECT_FALSE(beside());
}

TEST(HeatMeasure, TheEndsOfTheColourBarHaveTheirNumbers) {
  HeatScale scale;
  scale.logarithmic = true;
  scale.lower = 0.28;
  scale.upper = 157.19;
  HeatBarTicker ticker(scale);
  QVector<double> ticks, between;
  QVector<QString> labels;
  ticker.generate(QCPRange(0, 1), QLocale::c(), QLatin1Char('g'), 3, ticks, &between, &labels);
  ASSERT_TRUE(ticks.contains(1.0));
  EXPECT_EQ(labels[ticks.indexOf(1.0)], QStringLiteral("157"));
  EXPECT_EQ(labels[ticks.indexOf(0.0)], QStringLiteral("≤ 0.28"));
  scale = {};
  scale.is_signed = true;
  scale.logarithmic = false;
  scale.upper = 3.5;
  HeatBarTicker both(scale);
  both.generate(QCPRange(0, 1), QLocale::c(), QLatin1Char('g'), 3, ticks, &between, &labels);
  EXPECT_EQ(labels[ticks.indexOf(1.0)], QStringLiteral("3.5"));
  EXPECT_EQ(labels[ticks.indexOf(0.0)], QStringLiteral("−3.5"));
  std::sort(ticks.begin(), ticks.end());
  for (qsizetype i = 1; i < ticks.size(); ++i) EXPECT_GT(ticks[i] - ticks[i - 1], 0.05) << "no number on another";
}

TEST(HeatMeasure, AClickNamesTheLayerThatIsDrawn) {
  MagnitudeData m;
  m.a = {QStringLiteral("plain"), sample_matrix(16, 64, {{3, 9}}), {}, {}};
  m.site = QStringLiteral("layers.2.down_in");
  m.layer = 2;
  MagnitudePlot plot;
  plot.set_data(m);
  show(plot);
  QSignalSpy proposed(&plot, &Plot::proposed);
  QTest::mouseClick(&plot, Qt::LeftButton, Qt::NoModifier,
                    QPointF(plot.map(0)->keyAxis()->coordToPixel(9), plot.map(0)->valueAxis()->coordToPixel(3)).toPoint());
  ASSERT_EQ(proposed.count(), 1);
  EXPECT_EQ(proposed[0][0].value<Selection>().layer, 2);
}

TEST(HeatMeasure, TheCrosshairIsSeenOnDarkColours) {
  OverviewPlot plot;
  auto dark = std::make_shared<Matrix>(Matrix{4, 64, std::vector<float>(256, 0.001F)});
  dark->values[0] = 100;
  plot.set_data(overview(dark));
  show(plot);
  const QPoint at = QPointF(plot.map(0)->keyAxis()->coordToPixel(30), plot.map(0)->valueAxis()->coordToPixel(2)).toPoint();
  QTest::mouseMove(&plot, at);
  QCoreApplication::processEvents();
  const QRect panel = plot.map(0)->keyAxis()->axisRect()->rect();
  const QImage picture = plot.grab().toImage();
  int brightest = 0;
  for (int dx = -2; dx <= 2; ++dx) brightest = std::max(brightest, qGray(picture.pixel(at.x() + dx, panel.bottom() - 4)));
  EXPECT_GT(brightest, 200);
}

}  // namespace
