// SPDX-License-Identifier: GPL-3.0-or-later
// How long the window's drawing takes, as a table: `benchmark_window`. Times are of this machine and gate nothing; what the tests gate are
// ratios of one run (tests/widgets/plots).
#include <QApplication>
#include <QElapsedTimer>
#include <QLocale>
#include <QStyleFactory>
#include <QTest>
#include <cstdio>
#include <functional>

#include "tests/widgets/plots/heat_sample.h"
#include "widgets/base/watchdog.h"
#include "widgets/plots/magnitude_plot.h"
#include "widgets/plots/overview_plot.h"
#include "widgets/plots/surface_plot.h"
#include "widgets/plots/training_plot.h"
#include "widgets/trees/outlier_model.h"

namespace rolora::widgets {
namespace {

constexpr QSize kFullHd(1920, 1080), kFourK(3840, 2160);

struct Times {
  double first = 0, median = 0, worst = 0;
};

void row(const char* view, const char* data, const Times& t, const char* target) {
  std::printf("| %s | %s | %.0f | %.1f | %.1f | %s |\n", view, data, t.first, t.median, t.worst, target);
  std::fflush(stdout);
}

double elapsed(const std::function<void()>& work) {
  QElapsedTimer timer;
  timer.start();
  work();
  return static_cast<double>(timer.nsecsElapsed()) * 1e-6;
}

Times frames(int count, const std::function<void(int)>& frame) {
  std::vector<double> times;
  for (int i = 1; i <= count; ++i) times.push_back(elapsed([&] { frame(i); }));
  std::sort(times.begin(), times.end());
  return {0, times[times.size() / 2], times.back()};
}

template <class P>
double first_paint(P& plot, QSize size, const std::function<void()>& fill) {
  plot.resize(size);
  return elapsed([&] {
    fill();
    plot.show();
    (void)QTest::qWaitForWindowExposed(&plot);
    (void)QTest::qWaitFor([&] { return !plot.map(0)->is_waiting(); });
  });
}

template <class P>
Times panned(P& plot, double columns) {
  return frames(40, [&](int i) {
    plot.map(0)->keyAxis()->setRange(QCPRange(columns * 0.001 * i, columns * (0.95 + 0.001 * i)));
    plot.replot(QCustomPlot::rpImmediateRefresh);
  });
}

void overview() {
  OverviewPlot plot;
  OverviewData data;
  data.statistic = QStringLiteral("absmax");
  data.a = {QStringLiteral("plain"), test::sample_matrix(32, 4096, {{3, 1415}}, true), {}};
  const double first = first_paint(plot, kFullHd, [&] { plot.set_data(data); });
  Times times = panned(plot, 4096);
  times.first = first;
  row("overview heat map, pan", "32 × 4096", times, "≤ 4, worst 16");
  times = frames(40, [&](int i) { QTest::mouseMove(&plot, QPoint(300 + 20 * i, 300)); });
  row("hover with crosshair", "32 × 4096", times, "≤ 3");
}

void site(const char* name, int64_t tokens, int64_t channels, QSize size, const char* target) {
  MagnitudePlot plot;
  MagnitudeData data;
  data.site = QStringLiteral("layers.0.down_in");
  data.a = {QStringLiteral("plain"), test::sample_matrix(tokens, channels, {{33, 1415}}), {}};
  const double first = first_paint(plot, size, [&] { plot.set_data(data); });
  (void)QTest::qWaitFor([&] { return tokens * channels <= HeatSource::kDirectCells || plot.map(0)->source()->coarse != nullptr; });
  Times times = panned(plot, static_cast<double>(channels));
  times.first = first;
  row(name, QStringLiteral("%1 × %2").arg(tokens).arg(channels).toUtf8().constData(), times, target);
}

void lines(int steps, const char* target) {
  TrainingPlot plot;
  TrainingCurve curve;
  curve.station = QStringLiteral("lora");
  for (int i = 1; i <= steps; ++i) {
    curve.step.push_back(i);
    curve.loss.push_back(3 + std::sin(i * 0.001) + 0.1 * std::sin(i * 1.7));
    curve.learning_rate.push_back(1e-3);
    curve.gradient_norm.push_back(1);
  }
  TrainingData data;
  data.series.push_back({QStringLiteral("plain"), std::move(curve)});
  plot.resize(kFullHd);
  const double first = elapsed([&] {
    plot.set_data(std::move(data));
    plot.show();
    (void)QTest::qWaitForWindowExposed(&plot);
  });
  Times times = frames(20, [&](int i) {
    plot.xAxis->setRange(QCPRange(steps * 0.001 * i, steps * (0.95 + 0.001 * i)));
    plot.replot(QCustomPlot::rpImmediateRefresh);
  });
  times.first = first;
  row("training, three panels", QStringLiteral("%1 steps").arg(steps).toUtf8().constData(), times, target);
}

void surface() {
  SurfacePlot plot;
  MagnitudeData data;
  data.site = QStringLiteral("layers.0.down_in");
  data.a = {QStringLiteral("plain"), test::sample_matrix(128, 256, {{33, 115}}), {}};
  plot.resize(QSize(1200, 800));
  const double first = elapsed([&] {
    plot.set_data(data, MagnitudePlot::contents_of(data));
    plot.show();
    (void)QTest::qWaitForWindowExposed(&plot);
    (void)QTest::qWaitFor([&] { return !plot.is_waiting(); });
  });
  QTest::mousePress(&plot, Qt::LeftButton, {}, QPoint(400, 400));
  Times times = frames(20, [&](int i) {
    QTest::mouseMove(&plot, QPoint(400 + 5 * i, 400 + 2 * i));
    plot.repaint();
  });
  QTest::mouseRelease(&plot, Qt::LeftButton, {}, QPoint(500, 440));
  times.first = first;
  row("3-D surface, turning", "256 × 128 quads", times, "≤ 33");
}

void sorting() {
  auto rows = std::make_shared<OutlierRows>();
  rows->states = {StateRef{QStringLiteral("f"), QStringLiteral("plain")}};
  rows->titles = QStringList{QStringLiteral("plain")};
  rows->texts = QStringList{QStringLiteral("a")};
  std::minstd_rand random(1);
  for (int i = 0; i < 1'000'000; ++i) {
    OutlierRow one{};
    one.channel = static_cast<int32_t>(random() % 4096);
    one.token = static_cast<int64_t>(random() % 100'000);
    one.value = static_cast<float>(random()) * 1e-6F;
    one.ratio = one.value * 3;
    rows->rows.push_back(one);
  }
  OutlierModel model;
  model.set_rows(rows);
  (void)QTest::qWaitFor([&] { return !model.busy(); });
  std::vector<double> times;
  for (const int column : {kOutlierValue, kOutlierToken, kOutlierRatio, kOutlierChannel, kOutlierValue}) {
    times.push_back(elapsed([&] {
      model.sort(column, Qt::AscendingOrder);
      (void)QTest::qWaitFor([&] { return !model.busy(); });
    }));
  }
  std::sort(times.begin(), times.end());
  row("table sort, off the GUI thread", "1 000 000 rows", {0, times[times.size() / 2], times.back()}, "≤ 300");
}

}  // namespace
}  // namespace rolora::widgets

int main(int argc, char** argv) {
  if (qEnvironmentVariableIsEmpty("QT_QPA_PLATFORM")) qputenv("QT_QPA_PLATFORM", "offscreen");
  QApplication application(argc, argv);
  QApplication::setStyle(QStyleFactory::create(QStringLiteral("Fusion")));
  QLocale::setDefault(QLocale::c());
  using namespace rolora::widgets;
  std::printf("| view | data | first ms | frame ms, median | worst | target |\n|---|---|---|---|---|---|\n");
  overview();
  site("site heat map, pan", 2048, 4096, kFullHd, "≤ 16");
  site("large site, pan", 2048, 14336, kFullHd, "first ≤ 150, then ≤ 16");
  site("4K window, pan", 2048, 4096, kFourK, "≤ 33");
  lines(1'000'000, "≤ 16");
  lines(10'000'000, "≤ 50");
  surface();
  sorting();
  return 0;
}
