// SPDX-License-Identifier: GPL-3.0-or-later
// What the plots of lines draw and say, with planted data.
#include <gtest/gtest.h>

#include <QFontMetrics>
#include <QRegularExpression>
#include <QSignalSpy>
#include <QTest>
#include <cmath>

#include "tests/widgets/plots/shown_plot.h"
#include "widgets/plots/distribution_plot.h"
#include "widgets/plots/figure_exporter.h"
#include "widgets/plots/line_series.h"
#include "widgets/plots/panels.h"
#include "widgets/plots/profile_plot.h"
#include "widgets/plots/training_plot.h"

// The QTRY macros of QTest do not tell GoogleTest.
#define WAIT_FOR(condition) ASSERT_TRUE(QTest::qWaitFor([&] { return static_cast<bool>(condition); }, 5000)) << #condition

namespace {

using namespace rolora::widgets;
using rolora::LogHistogram;
using rolora::test::panels_of;
using rolora::test::show;

int fine_bin(double magnitude) { return static_cast<int>(std::floor((std::log2(magnitude) + 149) * 64)); }

/// Counts of 5000 a bin around 1/8, one value at 64, nothing between.
DistributionSeries planted(const char* name, bool outlier) {
  DistributionSeries s;
  s.name = QString::fromLatin1(name);
  s.histogram.first = fine_bin(0.01);
  s.histogram.counts.assign(static_cast<size_t>(fine_bin(64.5) - s.histogram.first + 1), 0);
  for (int b = fine_bin(0.01); b < fine_bin(0.5); ++b) s.histogram.counts[static_cast<size_t>(b - s.histogram.first)] = 5000;
  if (outlier) s.histogram.counts.back() = 1;
  s.histogram.zeros = 40;
  s.marks = {{QStringLiteral("p50"), 0.07}, {QStringLiteral("p99"), 0.45}, {QStringLiteral("p99.9"), 0.48}, {QStringLiteral("max"), 64.5}};
  s.rms = 0.25;
  return s;
}

DistributionData one_layer() {
  DistributionData d;
  d.site = QStringLiteral("down_in");
  d.rows = {{3, planted("plain", true), planted("rotated", false)}};
  return d;
}

bool differs(const QColor& a, const QColor& b) {
  return std::abs(a.red() - b.red()) + std::abs(a.green() - b.green()) + std::abs(a.blue() - b.blue()) > 30;
}

TEST(DistributionPlot, ABinOfOneIsSeenAtTheBottomOfALogarithmicAxis) {
  DistributionPlot plot;
  plot.set_data(one_layer(), false);
  show(plot);
  QCPAxisRect* panel = plot.axisRect(0);
  QCPAxis* x = panel->axis(QCPAxis::atBottom);
  const QImage image = plot.grab().toImage();
  const auto inked = [&](double magnitude) {
    const int column = static_cast<int>(std::lround(x->coordToPixel(magnitude)));
    int rows = 0;
    for (int y = panel->rect().top() + 1; y < panel->rect().bottom() - 1; ++y) {
      rows +=
          differs(image.pixelColor(column, y), plot.style().background) && differs(image.pixelColor(column, y), plot.style().grid) ? 1 : 0;
    }
    return rows;
  };
  EXPECT_GE(inked(64.3), 4) << "the one value at 64";
  EXPECT_LT(inked(8), 3) << "nothing between";
  EXPECT_GT(inked(0.1), panel->rect().height() / 2) << "the bulk";
}

TEST(DistributionPlot, TellsTheBinUnderThePointer) {
  DistributionPlot plot;
  plot.set_data(one_layer(), false);
  show(plot);
  QSignalSpy hovers(&plot, &Plot::hovered);
  QCPAxisRect* panel = plot.axisRect(0);
  const auto x = static_cast<int>(std::lround(panel->axis(QCPAxis::atBottom)->coordToPixel(64.3)));
  QTest::mouseMove(&plot, QPoint(x, panel->rect().center().y()));
  WAIT_FOR(hovers.count() == 1);
  const Hit hit = hovers.first().first().value<Hit>();
  EXPECT_EQ(hit.selection.layer, 3);
  EXPECT_TRUE(hit.text.contains(QStringLiteral("plain: 1 in"))) << hit.text.toStdString();
}

TEST(DistributionPlot, TheTableHoldsEveryCountAndWidthsOfBinsAreSaid) {
  DistributionPlot plot;
  plot.set_data(one_layer(), false);
  for (const int bins : {8, 64}) {
    DistributionForm form;
    form.bins_an_octave = bins;
    plot.set_form(form);
    show(plot);
    quint64 sum = 0;
    for (const QStringList& row : plot.figure()->table().rows) {
      if (row[1] == QStringLiteral("plain")) sum += row[4].toULongLong();
    }
    uint64_t all = 40;
    for (const uint64_t c : planted("", true).histogram.counts) all += c;
    EXPECT_EQ(sum, all);
    EXPECT_TRUE(plot.axisRect(0)->axis(QCPAxis::atLeft)->label().contains(QStringLiteral("1/%1 octave").arg(bins)));
  }
}

TEST(DistributionPlot, MultiplesOfTheRmsMoveTheAxisAndSaySo) {
  DistributionPlot plot;
  plot.set_data(one_layer(), false);
  show(plot);
  const double before = plot.axisRect(0)->axis(QCPAxis::atBottom)->range().upper;
  DistributionData d = one_layer();
  d.scaling = Scaling::over_rms;
  plot.set_data(d, false);
  QCPAxis* axis = plot.axisRect(0)->axis(QCPAxis::atBottom);
  EXPECT_LT(std::fabs(axis->range().upper / before - 4), 1e-6);  // rms 0.25
  EXPECT_TRUE(axis->label().contains(QStringLiteral("rms")));
}

TEST(DistributionPlot, WhatLiesLeftOfTheViewIsSaid) {
  DistributionPlot plot;
  DistributionData d = one_layer();
  d.rows[0].b.reset();
  plot.set_data(d, false);
  show(plot);
  QCPAxis* axis = plot.axisRect(0)->axis(QCPAxis::atBottom);
  axis->setRange(64, 100);  // only the outlier is left
  EXPECT_TRUE(axis->label().contains(QStringLiteral("100 %")) || axis->label().contains(QStringLiteral("100")));
  axis->setRange(0.001, 100);
  EXPECT_FALSE(axis->label().contains(QLatin1Char('%'))) << axis->label().toStdString();
}

TEST(DistributionPlot, RidgesChooseTheLayerOfTheirRow) {
  DistributionPlot plot;
  DistributionData d;
  d.site = QStringLiteral("down_in");
  for (int layer = 0; layer < 12; ++layer) d.rows.push_back({layer, planted("plain", layer == 7), planted("rotated", false)});
  plot.set_data(d, false);
  show(plot);
  QSignalSpy proposals(&plot, &Plot::proposed);
  QCPAxisRect* panel = plot.axisRect(0);
  const QPoint at(panel->rect().center().x(), static_cast<int>(std::lround(panel->axis(QCPAxis::atLeft)->coordToPixel(-7))));
  QTest::mouseClick(&plot, Qt::LeftButton, Qt::NoModifier, at);
  ASSERT_EQ(proposals.count(), 1);
  EXPECT_EQ(proposals.first().first().value<Selection>().layer, 7);
  plot.set_selection(proposals.first().first().value<Selection>());
  EXPECT_TRUE(plot.sentence().startsWith(QStringLiteral("layer 7"))) << plot.sentence().toStdString();
}

TEST(DistributionPlot, RidgesMarkTheirQuantiles) {
  DistributionPlot plot;
  DistributionData d;
  for (int layer = 0; layer < 3; ++layer) d.rows.push_back({layer, planted("plain", false), std::nullopt});
  std::vector<double> quantiles;
  for (const auto& [name, value] : d.rows.front().a->marks) quantiles.push_back(value);
  ASSERT_GE(quantiles.size(), 2U);
  quantiles.pop_back();  // the largest value has a mark of its own
  plot.set_data(d, false);
  show(plot);
  int rows = 0;
  for (int i = 0; i < plot.plottableCount(); ++i) {
    const auto* series = dynamic_cast<const LineSeries*>(plot.plottable(i));
    rows += series != nullptr && series->keys() == quantiles ? 1 : 0;
  }
  EXPECT_EQ(rows, 3);
}

ProfileData profile(double largest) {
  ProfileData d;
  d.site = QStringLiteral("down_in");
  ProfileSeries a;
  a.name = QStringLiteral("plain");
  for (int layer = 0; layer < 8; ++layer) a.layers.push_back({layer, layer == 5 ? largest : 4.0, 3, 2.5, 2, 1, 3.0 + layer, 0.5});
  d.a = a;
  d.b = a;
  d.b->name = QStringLiteral("rotated");
  return d;
}

int warm_pixels(Plot& plot) {
  const QImage image = plot.grab().toImage();
  const QColor warning = warning_colour(plot.style());
  int count = 0;
  for (int y = 0; y < panels_of(plot).first()->rect().top(); ++y) {
    for (int x = panels_of(plot).first()->rect().left(); x < image.width() / 2; ++x)
      count += differs(image.pixelColor(x, y), warning) ? 0 : 1;
  }
  return count;
}

TEST(ProfilePlot, RatiosAboveTenAreCalledOut) {
  ProfilePlot calm, loud;
  calm.set_data(profile(16), false);
  loud.set_data(profile(30), false);
  show(calm);
  show(loud);
  EXPECT_EQ(warm_pixels(calm), 0);
  EXPECT_GT(warm_pixels(loud), 20);
}

TEST(ProfilePlot, BothStatesShareOneScaleAndAPointTellsItsLayer) {
  ProfilePlot plot;
  ProfileData d = profile(30);
  for (ProfileLayer& layer : d.b->layers) layer.top1 = 2.2;
  plot.set_data(d, false);
  show(plot);
  const QList<QCPAxisRect*> panels = panels_of(plot);
  ASSERT_EQ(panels.size(), 3);
  EXPECT_EQ(panels[0]->axis(QCPAxis::atLeft)->range(), panels[1]->axis(QCPAxis::atLeft)->range());
  panels[0]->axis(QCPAxis::atLeft)->setRange(1, 40);
  EXPECT_EQ(panels[1]->axis(QCPAxis::atLeft)->range(), QCPRange(1, 40));
  plot.fit();
  QCoreApplication::processEvents();
  QSignalSpy proposals(&plot, &Plot::proposed);
  const QPointF at(panels[0]->axis(QCPAxis::atBottom)->coordToPixel(5), panels[0]->axis(QCPAxis::atLeft)->coordToPixel(30));
  QTest::mouseClick(&plot, Qt::LeftButton, Qt::NoModifier, at.toPoint());
  ASSERT_EQ(proposals.count(), 1);
  EXPECT_EQ(proposals.first().first().value<Selection>().layer, 5);
  EXPECT_TRUE(plot.sentence().contains(QStringLiteral("15.0×"))) << plot.sentence().toStdString();  // 30 / 2
}

TEST(ProfilePlot, MultiplesOfTheRmsDivideMagnitudesOnly) {
  ProfilePlot plot;
  ProfileData d = profile(30);
  d.scaling = Scaling::over_rms;
  plot.set_data(d, false);
  show(plot);
  for (const QStringList& row : plot.figure()->table().rows) {
    if (row[0] != QStringLiteral("plain") || row[1] != QStringLiteral("5")) continue;
    EXPECT_EQ(row[2], QStringLiteral("60"));  // 30 / 0.5
    EXPECT_EQ(row[7], QStringLiteral("8"));   // the kurtosis has no unit
  }
}

TrainingData training(int steps) {
  TrainingData d;
  for (const char* name : {"plain", "rotated"}) {
    TrainingSeries s;
    s.name = QString::fromLatin1(name);
    for (int i = 1; i <= steps; ++i) {
      s.curve.step.push_back(i);
      s.curve.loss.push_back(4 / std::sqrt(i) + (i % 3) * 0.1);
      s.curve.learning_rate.push_back(1e-3 * (steps - i));
      s.curve.gradient_norm.push_back(1 + i % 5);
      if (i % 10 == 0) {
        s.curve.evaluation_step.push_back(i);
        s.curve.evaluation_loss.push_back(4 / std::sqrt(i));
      }
      s.curve.kurtosis[QStringLiteral("layers.0.down_in")].emplace_back(i, 3.5);
      s.curve.kurtosis[QStringLiteral("layers.1.down_in")].emplace_back(i, 40 + i);
    }
    d.series.push_back(s);
  }
  return d;
}

TEST(TrainingPlot, PanelsShareTheStepsAndTheSmoothedLossIsTheMovingAverage) {
  TrainingPlot plot;
  plot.set_data(training(50));
  show(plot);
  const QList<QCPAxisRect*> panels = panels_of(plot);
  ASSERT_EQ(panels.size(), 4);  // loss, learning rate, gradient norm, kurtosis
  panels[2]->axis(QCPAxis::atBottom)->setRange(10, 20);
  for (QCPAxisRect* panel : panels) EXPECT_EQ(panel->axis(QCPAxis::atBottom)->range(), QCPRange(10, 20));
  const FigureTable table = plot.figure()->table();
  const TrainingData data = training(50);
  int found = 0;
  for (const QStringList& row : table.rows) {
    if (row[0] != QStringLiteral("plain") || row[1] != QStringLiteral("smoothed loss")) continue;
    const int step = row[2].toInt();
    EXPECT_TRUE(step >= 10 && step <= 20);
    double sum = 0, weight = 0;
    for (int i = 1; i <= step; ++i) {
      sum += std::pow(0.9, step - i) * data.series[0].curve.loss[static_cast<size_t>(i - 1)];
      weight += std::pow(0.9, step - i);
    }
    EXPECT_LT(std::fabs(row[3].toDouble() - sum / weight), 1e-12);
    ++found;
  }
  EXPECT_EQ(found, 11);
}

std::vector<const LineSeries*> lines_in(TrainingPlot& plot, const QCPAxisRect* panel) {
  std::vector<const LineSeries*> out;
  for (int i = 0; i < plot.plottableCount(); ++i) {
    const auto* line = dynamic_cast<const LineSeries*>(plot.plottable(i));
    if (line != nullptr && line->keyAxis()->axisRect() == panel) out.push_back(line);
  }
  return out;
}

TEST(TrainingPlot, RawLossesHaveTheirRunsHueAndLayersAColourEach) {
  TrainingPlot plot;
  TrainingData data = training(50);
  for (TrainingSeries& s : data.series) s.name += QStringLiteral(" + LoRA");
  plot.set_data(data);
  show(plot);
  const QList<QCPAxisRect*> panels = panels_of(plot);
  ASSERT_EQ(panels.size(), 4);
  const auto loss = lines_in(plot, panels[0]);
  ASSERT_GE(loss.size(), 4U);
  const QColor plain = loss[0]->look().colour, rotated = loss[1]->look().colour;
  EXPECT_EQ(loss[0]->values().size(), 50U) << "the raw ones are drawn first, below the others";
  EXPECT_GT(std::abs(plain.hsvHue() - rotated.hsvHue()), 60) << "told apart";
  for (const QColor& raw : {plain, rotated}) EXPECT_GT(raw.hsvSaturation(), 60) << "no grey";
  const auto kurtosis = lines_in(plot, panels[3]);
  ASSERT_EQ(kurtosis.size(), 4U);  // two layers of two runs
  EXPECT_EQ(kurtosis[0]->look().colour, kurtosis[2]->look().colour) << "a layer has its colour in every run";
  EXPECT_NE(kurtosis[0]->look().colour, kurtosis[1]->look().colour);
  EXPECT_NE(kurtosis[0]->look().dash, kurtosis[2]->look().dash) << "and a run its dashes";
  const QString svg = QString::fromUtf8(figure_svg(*plot.figure(), FigureSettings()));
  EXPECT_TRUE(svg.contains(QStringLiteral("layer 0")) && svg.contains(QStringLiteral("layer 1"))) << "a legend names them";
}

TEST(TrainingPlot, ManyLayersHaveAShortLegend) {
  TrainingPlot plot;
  TrainingData data = training(10);
  for (int layer = 2; layer < 32; ++layer)
    data.series[0].curve.kurtosis[QStringLiteral("layers.%1.down_in").arg(layer)].emplace_back(1, 3.0 + layer);
  plot.set_data(data);
  show(plot);
  const QString svg = QString::fromUtf8(figure_svg(*plot.figure(), FigureSettings()));
  EXPECT_LE(svg.count(QStringLiteral(">layer ")), 9);
  EXPECT_TRUE(svg.contains(QStringLiteral(">layer 0<")) && svg.contains(QStringLiteral(">layer 31<")));
}

TEST(TrainingPlot, SitesAreCalledByTheirWords) {
  TrainingPlot plot;
  plot.set_data(training(20));
  show(plot);
  const QString svg = QString::fromUtf8(figure_svg(*plot.figure(), FigureSettings()));
  EXPECT_TRUE(svg.contains(QStringLiteral("Kurtosis of down_proj input by layer")));
  EXPECT_FALSE(svg.contains(QStringLiteral("down_in")));
  for (const QStringList& row : plot.figure()->table().rows)
    EXPECT_FALSE(row[1].contains(QStringLiteral("down_in"))) << row[1].toStdString();
  EXPECT_FALSE(plot.figure()->caption().contains(QStringLiteral("down_in")));
}

TEST(TrainingPlot, GrowingDataKeepAViewThatWasZoomedAndFollowWhenAllIsShown) {
  TrainingPlot plot;
  plot.set_data(training(30));
  show(plot);
  QCPAxis* steps = plot.axisRects().first()->axis(QCPAxis::atBottom);
  EXPECT_LT(steps->range().upper, 35);
  plot.set_data(training(60));
  EXPECT_GT(plot.axisRects().first()->axis(QCPAxis::atBottom)->range().upper, 60);
  plot.axisRects().first()->axis(QCPAxis::atBottom)->setRange(5, 9);
  plot.axisRects().first()->axis(QCPAxis::atLeft)->setRange(1, 2);
  plot.set_data(training(90));
  EXPECT_EQ(plot.axisRects().first()->axis(QCPAxis::atBottom)->range(), QCPRange(5, 9));
  EXPECT_EQ(plot.axisRects().first()->axis(QCPAxis::atLeft)->range(), QCPRange(1, 2));
}

TEST(TrainingPlot, LinesOfAZoomedSvgStayInsideTheirPanel) {
  TrainingPlot plot;
  plot.set_data(training(50));
  show(plot);
  plot.axisRects().first()->axis(QCPAxis::atLeft)->setRange(2, 2.01);  // nearly everything lies far outside
  FigureSettings settings;
  settings.width_inches = 5;
  const FigurePtr figure = plot.figure();
  const QSizeF size = settings.size(*figure);
  const QString svg = QString::fromUtf8(figure_svg(*figure, settings));
  QRegularExpression path(QStringLiteral("<(?:path|polyline)[^>]*(?: d| points)=\"([^\"]*)\""));
  QRegularExpression pair(QStringLiteral("(-?[0-9.]+(?:e-?[0-9]+)?),(-?[0-9.]+(?:e-?[0-9]+)?)"));
  int seen = 0;
  for (auto line = path.globalMatch(svg); line.hasNext();) {
    for (auto point = pair.globalMatch(line.next().captured(1)); point.hasNext();) {
      const QRegularExpressionMatch p = point.next();
      EXPECT_GE(p.captured(2).toDouble(), -1);
      EXPECT_LE(p.captured(2).toDouble(), size.height() + 1);
      ++seen;
    }
  }
  EXPECT_GT(seen, 20);
  EXPECT_EQ(figure_svg(*figure, settings), figure_svg(*plot.figure(), settings));
}

}  // namespace
