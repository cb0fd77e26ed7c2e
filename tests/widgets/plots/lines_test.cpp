// SPDX-License-Identifier: GPL-3.0-or-later
// The arithmetic behind the plots of lines: smoothing, pooling, shares, labels set apart, lines cut to a panel.
#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "core/outliers/log_histogram.h"
#include "widgets/base/format.h"
#include "widgets/plots/error_plot.h"
#include "widgets/plots/line_series.h"
#include "widgets/plots/panels.h"
#include "widgets/plots/pooled_histogram.h"
#include "widgets/plots/profile_plot.h"
#include "widgets/plots/quantile_rails.h"
#include "widgets/plots/smoothing.h"

namespace {

using namespace rolora::widgets;
using rolora::LogHistogram;

TEST(Smoothing, IsTheWeightedMeanOfWhatCameBefore) {
  std::mt19937 random(3);
  std::normal_distribution<double> normal;
  std::vector<double> x;
  for (int i = 0; i < 60; ++i) x.push_back(3 + normal(random));
  for (const double beta : {0.0, 0.6, 0.9, 0.98}) {
    const std::vector<double> got = smoothed(x, beta);
    ASSERT_EQ(got.size(), x.size());
    for (size_t t = 0; t < x.size(); ++t) {  // Σ β^(t−i)·x_i / Σ β^(t−i): no recursion
      long double sum = 0, weight = 0;
      for (size_t i = 0; i <= t; ++i) {
        const long double w = t == i ? 1.0L : std::pow(static_cast<long double>(beta), static_cast<long double>(t - i));
        sum += w * x[i];
        weight += w;
      }
      EXPECT_LT(std::fabs(got[t] - static_cast<double>(sum / weight)), 1e-12) << beta << " at " << t;
    }
  }
}

TEST(Smoothing, AMissingValueCountsForNothing) {
  const double none = std::nan("");
  const std::vector<double> got = smoothed({none, 4, none, 2}, 0.5);
  EXPECT_TRUE(std::isnan(got[0]));
  EXPECT_EQ(got[1], 4);
  EXPECT_EQ(got[2], 4);
  EXPECT_LT(std::fabs(got[3] - (0.5 * 4 + 1 * 2) / 1.5), 1e-15);
}

LogHistogram random_histogram(unsigned seed, int first) {
  std::mt19937 random(seed);
  LogHistogram h;
  h.first = first;
  h.zeros = 17;
  for (int i = 0; i < 701; ++i) h.counts.push_back(random() % 3 == 0 ? 0 : random() % 1000);
  return h;
}

TEST(PooledHistogram, ConservesEveryCountAndStandsOnWholeFractionsOfAnOctave) {
  const LogHistogram h = random_histogram(5, 9001);
  for (const int bins : {1, 2, 4, 8, 16, 32, 64}) {
    const PooledHistogram p = pooled(h, bins);
    uint64_t all = h.zeros;
    for (const uint64_t c : h.counts) all += c;
    EXPECT_EQ(p.total(), all);
    ASSERT_EQ(p.edges.size(), p.counts.size() + 1);
    for (size_t i = 0; i < p.counts.size(); ++i) {
      uint64_t inside = 0;  // fine bins whose middle lies between the edges
      for (size_t f = 0; f < h.counts.size(); ++f) {
        const double middle = std::exp2((h.first + static_cast<double>(f) + 0.5) / 64 - 149);
        if (middle >= p.edges[i] && middle < p.edges[i + 1]) inside += h.counts[f];
      }
      ASSERT_EQ(p.counts[i], inside) << bins << " bins, number " << i;
      const double octaves = std::log2(p.edges[i]) * bins;
      EXPECT_LT(std::fabs(octaves - std::round(octaves)), 1e-6);
    }
    EXPECT_EQ(p.bin_of(p.edges[1]), 1 < static_cast<int>(p.counts.size()) ? 1 : -1);
    EXPECT_EQ(p.bin_of(p.edges.front() * 0.99), -1);
    EXPECT_EQ(p.bin_of(p.edges.back() * 1.01), -1);
  }
}

TEST(PooledHistogram, SharesAboveCountWhatIsThere) {
  const LogHistogram h = random_histogram(6, 9100);
  uint64_t all = h.zeros;
  for (const uint64_t c : h.counts) all += c;
  const ShareAbove above = shares_above(h);
  ASSERT_FALSE(above.at.empty());
  for (size_t i = 0; i < above.at.size(); ++i) {
    uint64_t count = 0;
    for (size_t f = 0; f < h.counts.size(); ++f) {
      if (std::exp2((h.first + static_cast<double>(f) + 0.5) / 64 - 149) > above.at[i]) count += h.counts[f];
    }
    ASSERT_LT(std::fabs(above.share[i] - static_cast<double>(count) / static_cast<double>(all)), 1e-12) << i;
  }
  const double low = lower_end(h, 0.01);
  uint64_t below = 0;
  for (size_t f = 0; f < h.counts.size(); ++f) {
    if (std::exp2((h.first + static_cast<double>(f) + 0.5) / 64 - 149) < low) below += h.counts[f];
  }
  EXPECT_LE(static_cast<double>(below), 0.01 * static_cast<double>(all - h.zeros));
  EXPECT_GT(below, 0U);
}

double moved(const std::vector<double>& a, const std::vector<double>& b) {
  double sum = 0;
  for (size_t i = 0; i < a.size(); ++i) sum += (a[i] - b[i]) * (a[i] - b[i]);
  return sum;
}

TEST(QuantileRails, LabelsNeverOverlapAndMoveLeast) {
  std::mt19937 random(11);
  std::uniform_real_distribution<double> place(0, 300), wide(10, 60);
  for (int round = 0; round < 200; ++round) {
    std::vector<double> wanted(3), widths(3);
    for (double& x : wanted) x = place(random);
    for (double& w : widths) w = wide(random);
    std::sort(wanted.begin(), wanted.end());
    const std::vector<double> got = spread_labels(wanted, widths, 0, 300, 4);
    ASSERT_EQ(got.size(), 3U);
    EXPECT_GE(got[0] - widths[0] / 2, -1e-9);
    EXPECT_LE(got[2] + widths[2] / 2, 300 + 1e-9);
    for (size_t i = 1; i < 3; ++i) ASSERT_GE(got[i] - got[i - 1], (widths[i] + widths[i - 1]) / 2 + 4 - 1e-9);
    // No random arrangement that is allowed comes nearer.
    for (int tries = 0; tries < 300; ++tries) {
      std::vector<double> other(3);
      for (size_t i = 0; i < 3; ++i) other[i] = got[i] + (place(random) - 150) / 20;
      bool allowed = other[0] >= widths[0] / 2 && other[2] <= 300 - widths[2] / 2;
      for (size_t i = 1; i < 3; ++i) allowed = allowed && other[i] - other[i - 1] >= (widths[i] + widths[i - 1]) / 2 + 4;
      if (allowed) {
        ASSERT_GE(moved(other, wanted) + 1e-9, moved(got, wanted));
      }
    }
  }
  EXPECT_TRUE(spread_labels({1, 2}, {200, 200}, 0, 300, 4).empty());
}

TEST(LineSeries, ALineIsCutAtItsPanel) {
  const QRectF panel(10, 20, 100, 50);
  std::mt19937 random(2);
  std::uniform_real_distribution<double> anywhere(-200, 300);
  int shown = 0;
  for (int i = 0; i < 2000; ++i) {
    const QPointF a(anywhere(random), anywhere(random)), b(anywhere(random), anywhere(random));
    QPointF from = a, to = b;
    const bool any = cut_line(panel, from, to);
    int inside = 0;  // by walking along the line
    for (int k = 0; k <= 4000; ++k) inside += panel.contains(a + (b - a) * (k / 4000.0)) ? 1 : 0;
    if (!any) {
      EXPECT_LE(inside, 1);
      continue;
    }
    ++shown;
    EXPECT_TRUE(panel.adjusted(-1e-6, -1e-6, 1e-6, 1e-6).contains(from) && panel.adjusted(-1e-6, -1e-6, 1e-6, 1e-6).contains(to));
    const double whole = std::hypot((b - a).x(), (b - a).y()), part = std::hypot((to - from).x(), (to - from).y());
    EXPECT_LT(std::fabs(part / whole - inside / 4001.0), 1e-3);
  }
  EXPECT_GT(shown, 100);
}

TEST(ErrorPlot, SqnrIsTheInverseErrorInDecibels) {
  LinearError e;
  e.output_error_weights = 0.1;
  e.output_error_activations = std::nan("");
  e.output_error_both = 0.05;
  EXPECT_EQ(error_value(e, ErrorCause::both, ErrorMeasure::relative_error), 0.05);
  EXPECT_LT(std::fabs(error_value(e, ErrorCause::weights, ErrorMeasure::sqnr) - 20), 1e-12);
  EXPECT_TRUE(std::isnan(error_value(e, ErrorCause::activations, ErrorMeasure::sqnr)));
}

TEST(ProfilePlot, RatiosAreTheLargestOfTheLayers) {
  ProfileSeries s;
  s.layers = {{0, 8, 7, 6, 2, 1, 3, 1}, {1, 90, 7, 6, 3, 0.5, 3, 1}, {2, 5, 1, 1, 0, 0, 3, 1}};
  EXPECT_EQ(s.top_ratio(), 30);
  EXPECT_EQ(s.least_ratio(), 6);
  s.layers = {{0, 1, 1, 1, 0, 0, 3, 1}};
  EXPECT_TRUE(std::isnan(s.top_ratio()));
}

QStringList labels_of(QCPRange range, int ticks) {
  QCustomPlot plot;
  plot.plotLayout()->clear();
  QCPAxisRect* panel = make_panel(&plot, PlotStyle::on_paper());
  plot.plotLayout()->addElement(0, 0, panel);
  QCPAxis* axis = left_axis(panel);
  set_scale(axis, true);
  axis->ticker()->setTickCount(ticks);
  axis->setRange(range);
  plot.setViewport(QRect(0, 0, 300, 300));
  plot.replot(QCustomPlot::rpImmediateRefresh);
  QStringList labels;
  for (qsizetype i = 0; i < axis->tickVector().size(); ++i) {
    if (range.contains(axis->tickVector()[i])) labels << axis->tickVectorLabels()[i];
  }
  return labels;
}

TEST(LogAxis, LessThanADecadeIsNotCrowdedAndThousandsAreGrouped) {
  EXPECT_EQ(labels_of({0.03, 0.28}, 4), (QStringList{QStringLiteral("0.05"), QStringLiteral("0.1"), QStringLiteral("0.2")}));
  const QStringList large = labels_of({500, 20000}, 5);
  EXPECT_TRUE(large.contains(grouped(1000))) << large.join(QLatin1Char(' ')).toStdString();
  EXPECT_FALSE(large.contains(QStringLiteral("1000")));
}

}  // namespace
