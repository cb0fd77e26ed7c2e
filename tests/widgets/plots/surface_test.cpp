// SPDX-License-Identifier: GPL-3.0-or-later
#include <gtest/gtest.h>

#include <QPainter>
#include <QRegularExpression>
#include <QSignalSpy>
#include <QTest>

#include "tests/widgets/plots/heat_sample.h"
#include "widgets/plots/figure_exporter.h"
#include "widgets/plots/surface_plot.h"

namespace {

using namespace rolora::widgets;
using rolora::test::sample_matrix;
using rolora::test::shoot;

MagnitudeData surface_data(int64_t rows = 512, int64_t columns = 512) {
  MagnitudeData d;
  d.a = {QStringLiteral("rotated"), sample_matrix(rows, columns, {}), {}};
  std::vector<std::pair<int64_t, int64_t>> hot;
  for (int64_t r = 3; r < rows; r += 37) hot.push_back({r, 115});
  d.b = {QStringLiteral("plain"), sample_matrix(rows, columns, hot), {}};
  d.site = QStringLiteral("layers.3.down_in");
  return d;
}

void fill(SurfacePlot& plot, const MagnitudeData& d) { plot.set_data(d, MagnitudePlot::contents_of(d)); }

void show(SurfacePlot& plot, int width, int height) {
  plot.resize(width, height);
  plot.show();
  ASSERT_TRUE(QTest::qWaitForWindowExposed(&plot));
  QTRY_VERIFY(!plot.is_waiting());
  QCoreApplication::processEvents();
}

TEST(SurfacePlot, GridKeepsTheOutliers) {
  const MagnitudeData d = surface_data(700, 3000);
  const HeatSource source(d.b.values, false);
  const SurfaceGrid grid(source, 256, 128);
  EXPECT_EQ(grid.channels, 256);
  EXPECT_EQ(grid.tokens, 128);
  EXPECT_EQ(*std::max_element(grid.values.begin(), grid.values.end()), 100);
  EXPECT_GE(std::count(grid.values.begin(), grid.values.end(), 100.0F), 17) << "19 planted, neighbours may share a cell";
}

TEST(SurfacePlot, BothPanelsShareTheHeights) {
  SurfacePlot plot;
  fill(plot, surface_data());
  show(plot, 1100, 480);
  EXPECT_DOUBLE_EQ(plot.scene().scale.upper, 100);
  EXPECT_DOUBLE_EQ(plot.scene().height_of(50), 0.5);
  EXPECT_EQ(plot.scene().panels.size(), 2U);
  shoot(plot, QStringLiteral("surface-light"));
  SurfacePlot dark;
  dark.setPalette(rolora::test::dark_palette());
  fill(dark, surface_data());
  show(dark, 1100, 480);
  shoot(dark, QStringLiteral("surface-dark"));
  MagnitudeData alone = surface_data();
  alone.a = {};
  fill(dark, alone);
  show(dark, 700, 560);
  shoot(dark, QStringLiteral("surface-alone"));
}

TEST(SurfacePlot, TurnsByDragAndKeys) {
  SurfacePlot plot;
  fill(plot, surface_data(64, 128));
  show(plot, 500, 400);
  const Camera before = plot.scene().camera;
  EXPECT_DOUBLE_EQ(before.azimuth, -45);
  EXPECT_DOUBLE_EQ(before.elevation, 20);
  QTest::keyClick(&plot, Qt::Key_Left);
  EXPECT_DOUBLE_EQ(plot.scene().camera.azimuth, -40);
  QTest::keyClick(&plot, Qt::Key_Up);
  EXPECT_DOUBLE_EQ(plot.scene().camera.elevation, 25);
  QTest::mousePress(&plot, Qt::LeftButton, Qt::NoModifier, QPoint(250, 200));
  QTest::mouseMove(&plot, QPoint(300, 200));
  QMouseEvent move(QEvent::MouseMove, QPointF(330, 230), plot.mapToGlobal(QPointF(330, 230)), Qt::LeftButton, Qt::LeftButton,
                   Qt::NoModifier);
  QApplication::sendEvent(&plot, &move);
  QTest::mouseRelease(&plot, Qt::LeftButton, Qt::NoModifier, QPoint(330, 230));
  EXPECT_NE(plot.scene().camera.azimuth, -40);
  EXPECT_GT(plot.scene().camera.elevation, 25);
  QTest::keyClick(&plot, Qt::Key_Home);
  EXPECT_EQ(plot.scene().camera, before);
  QTRY_VERIFY(!plot.is_waiting());
}

TEST(SurfacePlot, ClickOnAPeakSelectsTheTrueCell) {
  SurfacePlot plot;
  MagnitudeData d = surface_data(512, 512);
  d.a = {};
  d.b.values = sample_matrix(512, 512, {{301, 77}});
  fill(plot, d);
  show(plot, 700, 560);
  const SurfaceView view(plot.scene().camera, plot.scene().box_room(plot.scene().places(plot.size())[0], plot.style()));
  const QPoint peak = view.project(2 * (77 / 2) / 255.0 - 1, 2 * (301 / 4) / 127.0 - 1, 1).toPoint();
  QSignalSpy spy(&plot, &SurfacePlot::proposed);
  QTest::mouseClick(&plot, Qt::LeftButton, Qt::NoModifier, peak);
  ASSERT_EQ(spy.count(), 1);
  const auto selected = spy[0][0].value<Selection>();
  EXPECT_EQ(selected.token, 301);
  EXPECT_EQ(selected.channel, 77);
  plot.set_selection(selected);
  EXPECT_TRUE(plot.sentence().contains(QStringLiteral("channel 77"))) << plot.sentence().toStdString();
  EXPECT_EQ(QAccessible::queryAccessibleInterface(&plot)->role(), QAccessible::Chart);
}

TEST(SurfacePlot, TurningCostsLessThanTheStillPicture) {
  SurfacePlot plot;
  MagnitudeData d = surface_data(1024, 2048);
  d.a = {};
  fill(plot, d);
  show(plot, 900, 650);
  QImage image(plot.size(), QImage::Format_ARGB32_Premultiplied);
  const double turning = rolora::test::median_milliseconds(7, [&](int i) {
    plot.set_camera({-45.0 + i, 20});
    plot.render(&image);
  });
  QTRY_VERIFY(!plot.is_waiting());
  // The still picture is drawn by another thread: here by this one, to be timed.
  const SurfaceScene scene = plot.scene();
  const SurfaceGrid fine(*scene.panels[0].source, 256, 128);
  const double still = rolora::test::median_milliseconds(3, [&](int) {
    QPainter painter(&image);
    painter.setRenderHint(QPainter::Antialiasing);
    scene.paint_surface(painter, fine, QRectF(image.rect()));
  });
  std::printf("[ RATIO    ] surface turning %.1f ms, still %.1f ms\n", turning, still);
  EXPECT_LT(turning, 0.6 * still);
}

TEST(SurfacePlot, FigureIsMadeOfPolygons) {
  SurfacePlot plot;
  fill(plot, surface_data(48, 64));
  show(plot, 700, 400);
  const FigurePtr figure = plot.figure();
  ASSERT_NE(figure, nullptr);
  FigureSettings settings;
  settings.width_inches = 6.75;
  const QByteArray svg = figure_svg(*figure, settings);
  EXPECT_EQ(svg, figure_svg(*plot.figure(), settings));
  EXPECT_GT(svg.count("<path"), 100) << "neighbours of one colour share a path";
  EXPECT_GT(svg.count('M'), 2000) << "and every polygon that is seen is in one";
  EXPECT_FALSE(svg.contains("data:image"));
  EXPECT_TRUE(svg.contains(">Channel<"));
  EXPECT_TRUE(svg.contains(">Token<"));
  EXPECT_FALSE(figure->caption().contains(QStringLiteral("values (tokens × channels)"))) << "nothing is pooled";
  settings.dots_per_inch = 220;
  const QString folder = qEnvironmentVariable("ROLORA_SHOTS");
  if (!folder.isEmpty()) figure_image(*figure, settings).save(folder + QStringLiteral("/paper-surface.png"));
}

// A site of a real model: everywhere spikes, whose colours once made each polygon a gradient and each figure tens of megabytes.
TEST(SurfacePlot, AFigureOfManySpikesStaysSmallAndItsDataAreWhatIsDrawn) {
  MagnitudeData data = surface_data(256, 688);
  auto spiky = std::make_shared<Matrix>(*data.a.values);
  for (float& x : spiky->values) x = std::pow(x, 5.0F);
  data.a.values = spiky;
  SurfacePlot plot;
  fill(plot, data);
  show(plot, 700, 400);
  const FigurePtr figure = plot.figure();
  FigureSettings settings;
  for (const double width : {3.25, 5.5, 6.75}) {
    settings.width_inches = width;
    EXPECT_LT(figure_pdf(*figure, settings).size(), 1'000'000) << width;
    const QByteArray svg = figure_svg(*figure, settings);
    EXPECT_LT(svg.size(), 2'000'000) << width;
    EXPECT_TRUE(svg.contains("max of 4×6 cells per quad") || svg.contains("max of 4×6")) << width;
    EXPECT_TRUE(svg.contains("up to 4×6 values")) << "the caption is the description";
  }
  const FigureTable table = figure->table();
  ASSERT_EQ(table.rows.size(), 128 * 64);
  float most = 0, shown = 0;
  for (const float x : spiky->values) most = std::max(most, std::fabs(x));
  for (const QStringList& row : table.rows) shown = std::max(shown, row[4].toFloat());
  EXPECT_EQ(shown, most) << "pooled by maximum";
}

TEST(SurfacePlot, NoTextLiesOnAnotherOneOnNarrowPaper) {
  SurfacePlot plot;
  fill(plot, surface_data(256, 688));
  for (const double width : {3.25, 5.5}) {
    FigureSettings settings;
    settings.width_inches = width;
    const QByteArray svg = figure_svg(*plot.figure(), settings);
    static const QRegularExpression text(QStringLiteral(
        "<text[^>]*x=\"([\\d.-]+)\" y=\"([\\d.-]+)\" font-family=\"([^\"]+)\" font-size=\"(\\d+)\" font-weight=\"(\\d+)\"[^>]*>([^<]*)<"));
    std::vector<std::pair<QRectF, QString>> boxes;
    for (auto found = text.globalMatch(QString::fromUtf8(svg)); found.hasNext();) {
      const QRegularExpressionMatch m = found.next();
      QFont font(m.captured(3));
      font.setPixelSize(m.captured(4).toInt());
      font.setWeight(static_cast<QFont::Weight>(m.captured(5).toInt()));
      const QFontMetricsF metrics(font);
      const QString words = m.captured(6).replace(QStringLiteral("&#xa0;"), QStringLiteral(" "));
      const double height = metrics.capHeight();
      boxes.emplace_back(QRectF(m.captured(1).toDouble(), m.captured(2).toDouble() - height, metrics.horizontalAdvance(words), height),
                         words);
    }
    ASSERT_GT(boxes.size(), 12U);
    for (size_t i = 0; i < boxes.size(); ++i) {
      EXPECT_GE(boxes[i].first.left(), 0) << boxes[i].second.toStdString();
      EXPECT_LE(boxes[i].first.right(), width * 72 + 1) << boxes[i].second.toStdString();
      for (size_t j = 0; j < i; ++j) {
        EXPECT_FALSE(boxes[i].first.intersects(boxes[j].first))
            << width << ": " << boxes[i].second.toStdString() << " on " << boxes[j].second.toStdString();
      }
    }
  }
}

TEST(SurfacePlot, WheelZoomsAboutThePointerAndHomeFits) {
  SurfacePlot plot;
  fill(plot, surface_data(256, 512));
  show(plot, 1000, 420);
  const auto wheel = [&](Qt::KeyboardModifiers modifiers) {
    const QPointF at(250, 260);
    QWheelEvent event(at, plot.mapToGlobal(at), QPoint(), QPoint(0, 120), Qt::NoButton, modifiers, Qt::NoScrollPhase, false);
    QApplication::sendEvent(&plot, &event);
  };
  wheel(Qt::NoModifier);
  const CellBlock first = plot.scene().shown;
  EXPECT_NEAR(static_cast<double>(first.column_end - first.column_begin), 0.8 * 512, 1);
  EXPECT_NEAR(static_cast<double>(first.row_end - first.row_begin), 0.8 * 256, 1);
  wheel(Qt::ControlModifier);
  EXPECT_EQ(plot.scene().shown.row_end - plot.scene().shown.row_begin, first.row_end - first.row_begin) << "Ctrl: channels only";
  EXPECT_LT(plot.scene().shown.column_end - plot.scene().shown.column_begin, first.column_end - first.column_begin);
  QTest::keyClick(&plot, Qt::Key_Home);
  EXPECT_EQ(plot.scene().shown.column_end - plot.scene().shown.column_begin, 512);
  EXPECT_EQ(plot.scene().shown.row_end - plot.scene().shown.row_begin, 256);
  QTest::keyClick(&plot, Qt::Key_B);
  EXPECT_LT(plot.scene().shown.column_end - plot.scene().shown.column_begin, 512) << "the view before";
  QTRY_VERIFY(!plot.is_waiting());
}

TEST(SurfacePlot, ADifferenceRisesAndFallsFromHalfWayUp) {
  MagnitudeData d = surface_data(64, 128);
  d.comparison = Comparison::difference;
  SurfacePlot plot;
  fill(plot, d);
  show(plot, 700, 500);
  ASSERT_EQ(plot.scene().panels.size(), 1U);
  EXPECT_TRUE(plot.scale().is_signed);
  EXPECT_DOUBLE_EQ(plot.scene().height_of(0), 0.5);
  const double most = plot.scale().upper;
  EXPECT_DOUBLE_EQ(plot.scene().height_of(most), 1);
  EXPECT_DOUBLE_EQ(plot.scene().height_of(-most), 0);
  EXPECT_DOUBLE_EQ(plot.scene().height_of(std::nan("")), 0.5);
  const SurfaceGrid grid(*plot.scene().panels[0].source, 64, 32);
  EXPECT_LT(*std::min_element(grid.values.begin(), grid.values.end()), -90) << "rotated − plain: the planted channel is gone";
  QSignalSpy changed(&plot, &SurfacePlot::scale_changed);
  plot.toggle_log();
  EXPECT_TRUE(plot.scale().logarithmic);
  EXPECT_GT(plot.scene().height_of(most / 10), 0.6);
  EXPECT_EQ(changed.count(), 1);
  ASSERT_NE(plot.figure(), nullptr);
  EXPECT_TRUE(plot.figure()->name().contains(QStringLiteral("difference")));
  shoot(plot, QStringLiteral("surface-difference"));
  QTRY_VERIFY(!plot.is_waiting());
}

TEST(SurfacePlot, HeightsOfASignedScaleHaveEvenTicksOnBothSidesAndTheirNumbersHaveRoom) {
  for (const double upper : {1.0, 4.3, 9.0, 12.9, 20.0}) {
    HeatScale ratio;
    ratio.is_signed = ratio.powers = true;
    ratio.logarithmic = false;
    ratio.upper = upper;
    const std::vector<HeatScale::Tick> ticks = ratio.ticks(5);
    ASSERT_GE(ticks.size(), 3U) << upper;
    for (size_t i = 0; i < ticks.size(); ++i) {
      EXPECT_NEAR(ticks[i].position + ticks[ticks.size() - 1 - i].position, 1, 1e-9) << upper << ": as far down as up";
      const double step = ticks[1].position - ticks[0].position;
      EXPECT_NEAR(ticks[i].position, ticks[0].position + step * static_cast<double>(i), 1e-9) << upper;
    }
  }
  SurfaceScene scene;
  scene.scale.is_signed = scene.scale.powers = true;
  scene.scale.logarithmic = false;
  scene.scale.upper = 13;  // "1/4 096"
  const PlotStyle paper = PlotStyle::on_paper();
  const QRectF place(0, 0, 234, 160);
  double widest = 0;
  for (const HeatScale::Tick& t : scene.scale.ticks(5)) widest = std::max(widest, QFontMetricsF(paper.tick_font).horizontalAdvance(t.text));
  EXPECT_GT(scene.box_room(place, paper).left(), widest + paper.spacing * 0.7);
}

TEST(SurfacePlot, ADifferenceHasBothEndsOfItsHeightsOrNone) {
  MagnitudeData d;
  d.a = {QStringLiteral("plain"), sample_matrix(7, 9, {{3, 4}}), {}};
  d.b = {QStringLiteral("rotated"), sample_matrix(7, 9, {}), {}};
  d.comparison = Comparison::difference;
  SurfacePlot plot;
  fill(plot, d);
  show(plot, 700, 500);
  FigureSettings settings;
  for (const double upper : {42.0, 52.0, 61.0, 80.5, 100.0}) {
    HeatScale scale = plot.scale();
    scale.upper = upper;
    plot.set_scale(scale);
    const QString svg = QString::fromUtf8(figure_svg(*plot.figure(), settings));
    int numbers = 0;
    for (const int value : {10, 20, 40, 50, 100}) {  // the floor's numbers are below 10
      const bool up = svg.contains(QStringLiteral(">%1<").arg(value)), down = svg.contains(QStringLiteral(">−%1<").arg(value));
      EXPECT_EQ(up, down) << upper << ": " << value;
      numbers += down ? 1 : 0;
    }
    EXPECT_GE(numbers, 1) << upper;
  }
  QTRY_VERIFY(!plot.is_waiting());
}

TEST(SurfacePlot, FromAWholeChannelCtrlArrowsGoToTheNextOutlier) {
  SurfacePlot plot;
  MagnitudeData d = surface_data(64, 256);
  std::swap(d.a, d.b);
  fill(plot, d);
  show(plot, 700, 500);
  QObject::connect(&plot, &SurfacePlot::proposed, &plot, [&plot](const Selection& s) { plot.set_selection(s); });
  Selection whole;
  whole.channel = 20;
  plot.set_selection(whole);
  QTest::keyClick(&plot, Qt::Key_Right, Qt::ControlModifier);
  EXPECT_EQ(plot.selection().channel, 115);
  EXPECT_EQ(plot.selection().token % 37, 3);
  whole.channel = 115;
  plot.set_selection(whole);
  QSignalSpy told(&plot, &SurfacePlot::told);
  QTest::keyClick(&plot, Qt::Key_Right, Qt::ControlModifier);
  EXPECT_EQ(told.count(), 1) << "the only channel of outliers";
  QTRY_VERIFY(!plot.is_waiting());
}

TEST(SurfacePlot, HiddenPiecesAreLeftOutAndSeenOnesStay) {
  const auto square = [](double x, double size, QRgb colour) {
    return SurfacePiece{QPolygonF({{x, 0}, {x + size, 0}, {x + size, size}, {x, size}}), colour};
  };
  const std::vector<SurfacePiece> seen =
      visible_pieces({square(1, 2, 0xff0000ffU), square(0, 5, 0xff00ff00U), square(2, 1, 0xffff0000U)}, 4);
  ASSERT_EQ(seen.size(), 2U);
  EXPECT_EQ(seen[0].colour, 0xff00ff00U);
  EXPECT_EQ(seen[1].colour, 0xffff0000U);
}

}  // namespace
