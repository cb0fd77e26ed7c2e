// SPDX-License-Identifier: GPL-3.0-or-later
// The grammar of pointer and keys that every plot has from its base, tried on an overview.
#include <gtest/gtest.h>

#include <QAccessible>
#include <QSignalSpy>
#include <QTest>
#include <QWheelEvent>

#include "tests/widgets/plots/heat_sample.h"
#include "widgets/plots/overview_plot.h"

namespace {

using namespace rolora::widgets;
using rolora::test::sample_matrix;

class PlotGrammar : public testing::Test {
 protected:
  void SetUp() override {
    OverviewData d;
    d.a = {QStringLiteral("rotated"), sample_matrix(8, 4096, {{3, 1415}, {3, 3000}, {6, 1415}}, true), {}};
    d.b = {QStringLiteral("plain"), sample_matrix(8, 4096, {}, true, 2), {}};
    d.statistic = QStringLiteral("absmax");
    d.site = QStringLiteral("down_in");
    plot.set_data(d);
    plot.resize(1000, 400);
    plot.show();
    ASSERT_TRUE(QTest::qWaitForWindowExposed(&plot));
    QCoreApplication::processEvents();
    QObject::connect(&plot, &Plot::proposed, &plot, [this](const Selection& s) { plot.set_selection(s); });
  }
  QCPAxis* x(size_t panel = 0) { return plot.map(panel)->keyAxis(); }
  QCPAxis* y(size_t panel = 0) { return plot.map(panel)->valueAxis(); }
  QPoint at(double channel, double layer, size_t panel = 0) {
    return QPointF(x(panel)->coordToPixel(channel), y(panel)->coordToPixel(layer)).toPoint();
  }
  void wheel(QPoint where, int delta, Qt::KeyboardModifiers modifiers = Qt::NoModifier) {
    QWheelEvent event(where, plot.mapToGlobal(where), QPoint(), QPoint(0, delta), Qt::NoButton, modifiers, Qt::NoScrollPhase, false);
    QApplication::sendEvent(&plot, &event);
    QCoreApplication::processEvents();
  }
  void drag(QPoint from, QPoint to, Qt::MouseButton button = Qt::LeftButton, Qt::KeyboardModifiers modifiers = Qt::NoModifier) {
    QTest::mousePress(&plot, button, modifiers, from);
    for (int i = 1; i <= 4; ++i) {
      const QPointF p = QPointF(from) + QPointF(to - from) * i / 4;
      QMouseEvent move(QEvent::MouseMove, p, plot.mapToGlobal(p), Qt::NoButton, button, modifiers);
      QApplication::sendEvent(&plot, &move);
    }
    QTest::mouseRelease(&plot, button, modifiers, to);
    QCoreApplication::processEvents();
  }
  OverviewPlot plot;
};

TEST_F(PlotGrammar, HoverSpeaksAndDoesNotDrawTheDataAgain) {
  QSignalSpy hovered(&plot, &Plot::hovered), replotted(&plot, &QCustomPlot::afterReplot), left(&plot, &Plot::left);
  QTest::mouseMove(&plot, at(1415, 3));
  QTest::mouseMove(&plot, at(1415, 3) + QPoint(1, 0));
  QCoreApplication::processEvents();
  ASSERT_GE(hovered.count(), 1);
  EXPECT_EQ(replotted.count(), 0) << "the crosshair has a layer of its own";
  const Hit hit = hovered[0][0].value<Hit>();
  EXPECT_EQ(hit.selection.layer, 3);
  EXPECT_EQ(hit.selection.channel, 1415) << "the largest cell under the pixel, not its middle";
  EXPECT_TRUE(hit.text.startsWith(QStringLiteral("rotated · layer 3 · down_proj input · channel 1415 · absmax 100")))
      << hit.text.toStdString();
  EXPECT_TRUE(hit.text.contains(QStringLiteral("median")));
  QEvent leave(QEvent::Leave);
  QApplication::sendEvent(&plot, &leave);
  EXPECT_EQ(left.count(), 1);
}

// At the size of a large window: the words beside the pointer cost the same in a small one, where the data costs next to nothing.
TEST_F(PlotGrammar, HoverCostsLessThanHalfAReplot) {
  plot.resize(2400, 1400);
  QCoreApplication::processEvents();
  const double whole = rolora::test::least_milliseconds(9, [this](int) { plot.replot(QCustomPlot::rpImmediateRefresh); });
  const double hover = rolora::test::least_milliseconds(31, [this](int i) {
    QMouseEvent move(QEvent::MouseMove, QPointF(200 + 5 * i, 150), plot.mapToGlobal(QPointF(200 + 5 * i, 150)), Qt::NoButton, Qt::NoButton,
                     Qt::NoModifier);
    QApplication::sendEvent(&plot, &move);
  });
  std::printf("[ RATIO    ] hover %.2f ms, the whole plot %.2f ms\n", hover, whole);
  EXPECT_LT(hover, 0.5 * whole) << "the crosshair alone is drawn";
}

TEST_F(PlotGrammar, ClickProposesAndDoubleClickDrills) {
  QSignalSpy proposed(&plot, &Plot::proposed), drilled(&plot, &Plot::drilled);
  QTest::mouseClick(&plot, Qt::LeftButton, Qt::NoModifier, at(3000, 3));
  ASSERT_EQ(proposed.count(), 1);
  EXPECT_EQ(plot.selection().channel, 3000);
  EXPECT_TRUE(plot.sentence().contains(QStringLiteral("channel 3000"))) << plot.sentence().toStdString();
  QTest::mouseDClick(&plot, Qt::LeftButton, Qt::NoModifier, at(3000, 3));
  ASSERT_EQ(drilled.count(), 1);
  EXPECT_EQ(drilled[0][0].value<Selection>().layer, 3);
}

TEST_F(PlotGrammar, DragZoomsBothPanelsAndTheHistoryGoesBack) {
  const QCPRange all = x()->range();
  drag(at(1000, 1), at(2000, 5));
  EXPECT_NEAR(x()->range().lower, 1000, 15);
  EXPECT_NEAR(x()->range().upper, 2000, 15);
  EXPECT_EQ(x(1)->range(), x(0)->range()) << "panels move together";
  EXPECT_NEAR(y()->range().lower, 1, 0.1);
  QTest::qWait(120);
  wheel(at(1500, 3), 120);
  EXPECT_LT(x()->range().size(), 1000 * 0.85);
  QTest::keyClick(&plot, Qt::Key_B);
  EXPECT_NEAR(x()->range().size(), 1000, 30);
  QTest::keyClick(&plot, Qt::Key_B);
  EXPECT_EQ(x()->range(), all);
  QTest::keyClick(&plot, Qt::Key_B, Qt::ShiftModifier);
  EXPECT_NEAR(x()->range().size(), 1000, 30);
  QTest::keyClick(&plot, Qt::Key_O);
  EXPECT_NEAR(x()->range().size(), 2000, 60);
  QTest::keyClick(&plot, Qt::Key_Home);
  EXPECT_EQ(x()->range(), all);
}

TEST_F(PlotGrammar, HistoryHoldsAHundredViewsAndMergesQuickOnes) {
  const QCPRange all = x()->range();
  for (int i = 0; i < 5; ++i) wheel(at(1500, 3), 120);  // within 100 ms of each other: one step
  QTest::keyClick(&plot, Qt::Key_B);
  EXPECT_EQ(x()->range(), all);
  for (int i = 0; i < 120; ++i) {
    plot.fit();  // ends a step, whatever the clock says
    drag(at(1000 + i, 1), at(2000 + i, 6));
  }
  for (int i = 0; i < 100; ++i) QTest::keyClick(&plot, Qt::Key_B);
  QSignalSpy changed(&plot, &Plot::view_changed);
  QTest::keyClick(&plot, Qt::Key_B);
  EXPECT_EQ(changed.count(), 1) << "there is still one more";
}

TEST_F(PlotGrammar, WheelWithCtrlAndShiftZoomsOneDirection) {
  const QCPRange rows = y()->range(), columns = x()->range();
  wheel(at(1500, 3), 120, Qt::ControlModifier);
  EXPECT_EQ(y()->range(), rows);
  EXPECT_LT(x()->range().size(), columns.size());
  const QCPRange narrower = x()->range();
  EXPECT_NEAR((1500 - narrower.lower) / narrower.size(), (1500 - columns.lower) / columns.size(), 0.02) << "about the pointer";
  wheel(at(1500, 3), 120, Qt::ShiftModifier);
  EXPECT_EQ(x()->range(), narrower);
  EXPECT_LT(y()->range().size(), rows.size());
  for (int i = 0; i < 40; ++i) wheel(at(1500, 3), -120);
  EXPECT_EQ(x()->range(), columns) << "not beyond the data";
}

TEST_F(PlotGrammar, MiddleAndSpacePan) {
  drag(at(1000, 1), at(2000, 6));
  const QCPRange before = x()->range();
  const QPoint from = at(1500, 3);
  drag(from, from + QPoint(40, 0), Qt::MiddleButton);
  EXPECT_LT(x()->range().lower, before.lower);
  EXPECT_NEAR(x()->range().size(), before.size(), 1e-6);
  QTest::keyPress(&plot, Qt::Key_Space);
  drag(from, from - QPoint(40, 0));
  QTest::keyRelease(&plot, Qt::Key_Space);
  EXPECT_NEAR(x()->range().lower, before.lower, 1);
}

TEST_F(PlotGrammar, CtrlDragSelectsTheLargestOfARectangle) {
  const QCPRange before = x()->range();
  drag(at(1000, 1), at(2000, 5), Qt::LeftButton, Qt::ControlModifier);
  EXPECT_EQ(plot.selection().channel, 1415);
  EXPECT_EQ(plot.selection().layer, 3) << "the value planted at layer 6 lies outside";
  EXPECT_EQ(x()->range(), before);
  drag(at(1000, 5), at(2000, 7), Qt::LeftButton, Qt::ControlModifier | Qt::ShiftModifier);
  EXPECT_EQ(plot.selection().layer, 3) << "with Shift it is marked, not selected";
  ASSERT_EQ(plot.selection().marks.size(), 1);
  EXPECT_EQ(plot.selection().marks[0].layer, 6);
}

TEST_F(PlotGrammar, ShiftMarksPlacesInGroupsAndAPlainClickForgetsThem) {
  QTest::mouseClick(&plot, Qt::LeftButton, Qt::NoModifier, at(1415, 3));
  QTest::mouseClick(&plot, Qt::LeftButton, Qt::ShiftModifier, at(1415, 6));
  QTest::mouseClick(&plot, Qt::LeftButton, Qt::ShiftModifier, at(3000, 3));
  QTest::mouseClick(&plot, Qt::LeftButton, Qt::ShiftModifier | Qt::ControlModifier, at(10, 1));
  ASSERT_EQ(plot.selection().marks.size(), 3);
  EXPECT_EQ(plot.selection().channel, 1415);
  EXPECT_EQ(plot.selection().layer, 3);
  EXPECT_EQ(plot.selection().marks[0].group, 2);
  EXPECT_EQ(plot.selection().marks[1].group, 3);
  EXPECT_EQ(plot.selection().marks[2].group, 3) << "with Ctrl too: the same group";
  int named = 0;
  for (int i = 0; i < plot.itemCount(); ++i) {
    if (const auto* text = qobject_cast<QCPItemText*>(plot.item(i))) named += text->text().endsWith(QStringLiteral("G3")) ? 1 : 0;
  }
  EXPECT_EQ(named, 4) << "two places of the group in two panels";
  QTest::mouseClick(&plot, Qt::LeftButton, Qt::ShiftModifier, at(1415, 6));
  EXPECT_EQ(plot.selection().marks.size(), 2) << "again: the mark goes";
  QTest::keyClick(&plot, Qt::Key_Right);
  EXPECT_EQ(plot.selection().marks.size(), 2) << "moving the cursor keeps them";
  QTest::keyClick(&plot, Qt::Key_Return, Qt::ShiftModifier);
  EXPECT_EQ(plot.selection().marks.size(), 3) << "by keys";
  QTest::mouseClick(&plot, Qt::LeftButton, Qt::NoModifier, at(1415, 6));
  EXPECT_TRUE(plot.selection().marks.isEmpty());
}

TEST_F(PlotGrammar, WithoutDataEveryKeyAndButtonIsHarmless) {
  plot.set_data({});
  QCoreApplication::processEvents();
  plot.fit_scale();
  plot.fit_scale_to_visible();
  plot.fit_scale_percentiles();
  for (const Qt::Key key :
       {Qt::Key_F, Qt::Key_P, Qt::Key_L, Qt::Key_C, Qt::Key_Home, Qt::Key_O, Qt::Key_B, Qt::Key_Right, Qt::Key_Return}) {
    QTest::keyClick(&plot, key);
  }
  EXPECT_EQ(plot.figure(), nullptr);
  EXPECT_EQ(plot.map(0), nullptr);
}

TEST_F(PlotGrammar, KeysMoveTheCursorAndJumpToOutliers) {
  QTest::mouseClick(&plot, Qt::LeftButton, Qt::NoModifier, at(1415, 3));
  ASSERT_EQ(plot.selection().channel, 1415);
  QTest::keyClick(&plot, Qt::Key_Right);
  EXPECT_EQ(plot.selection().channel, 1416);
  QTest::keyClick(&plot, Qt::Key_Right, Qt::ControlModifier);
  EXPECT_EQ(plot.selection().channel, 3000) << "the next outlier";
  QTest::keyClick(&plot, Qt::Key_Left, Qt::ControlModifier);
  EXPECT_EQ(plot.selection().channel, 1415);
  QTest::keyClick(&plot, Qt::Key_Down, Qt::ControlModifier);
  EXPECT_EQ(plot.selection().layer, 6);
  QTest::keyClick(&plot, Qt::Key_Up);
  EXPECT_EQ(plot.selection().layer, 5);
  drag(at(100, 1), at(600, 6));
  QTest::keyClick(&plot, Qt::Key_Right);
  EXPECT_TRUE(x()->range().contains(plot.selection().channel)) << "the cursor stays in sight";
  QTest::keyClick(&plot, Qt::Key_Escape);
  EXPECT_EQ(plot.selection().channel, -1);
  QTest::keyClick(&plot, Qt::Key_Escape);
  EXPECT_NEAR(x()->range().size(), 4096, 1e-6) << "the second one resets the view";
}

TEST_F(PlotGrammar, FromAWholeChannelCtrlArrowsGoToTheNextOutlier) {
  QSignalSpy told(&plot, &Plot::told);
  const auto channel_after = [this](int channel, Qt::Key key) {
    Selection whole;
    whole.channel = channel;
    plot.set_selection(whole);
    QTest::keyClick(&plot, key, Qt::ControlModifier);
    return plot.selection().channel;
  };
  EXPECT_EQ(channel_after(1000, Qt::Key_Right), 1415);
  EXPECT_EQ(channel_after(1415, Qt::Key_Right), 3000) << "its own outliers are no next ones";
  EXPECT_EQ(plot.selection().layer, 3);
  EXPECT_EQ(channel_after(3500, Qt::Key_Left), 3000);
  EXPECT_EQ(channel_after(1415, Qt::Key_Down), 1415) << "up and down stay in the channel";
  EXPECT_EQ(plot.selection().layer, 3);
  EXPECT_EQ(told.count(), 0);
  EXPECT_EQ(channel_after(3500, Qt::Key_Right), 3500) << "there is none further on";
  EXPECT_EQ(plot.selection().layer, -1);
  EXPECT_EQ(told.count(), 1);
}

TEST_F(PlotGrammar, WhatThePointerTellsCoversNoMarksName) {
  QTest::mouseClick(&plot, Qt::LeftButton, Qt::NoModifier, at(200, 1));
  const QPoint pointed = at(1415, 6);
  QTest::mouseClick(&plot, Qt::LeftButton, Qt::ShiftModifier, pointed + QPoint(40, -35));  // where a hit's text would stand
  ASSERT_EQ(plot.selection().marks.size(), 1);
  QTest::mouseMove(&plot, at(200, 1));
  plot.replot();
  const QImage before = plot.grab().toImage();
  QTest::mouseMove(&plot, pointed + QPoint(1, 0));
  QTest::mouseMove(&plot, pointed);
  QCoreApplication::processEvents();
  ASSERT_TRUE(plot.sentence().contains(QStringLiteral("channel")));
  const QImage after = plot.grab().toImage();
  int names = 0;
  for (int i = 0; i < plot.itemCount(); ++i) {
    const auto* name = qobject_cast<QCPItemText*>(plot.item(i));
    if (name == nullptr) continue;
    const QRect box = QRectF(name->topLeft->pixelPosition(), name->bottomRight->pixelPosition()).toRect().adjusted(2, 2, -2, -2);
    int changed = 0;
    for (int y = box.top(); y <= box.bottom(); ++y) {
      for (int x = box.left(); x <= box.right(); ++x) changed += before.pixel(x, y) == after.pixel(x, y) ? 0 : 1;
    }
    EXPECT_LT(changed, box.width() * box.height() / 4) << "only a line of the crosshair may cross it";
    ++names;
  }
  EXPECT_EQ(names, 2) << "one in each panel";
}

TEST_F(PlotGrammar, LettersAndPages) {
  QSignalSpy table(&plot, &Plot::table_asked), climbed(&plot, &Plot::climbed), layer(&plot, &Plot::layer_stepped);
  const bool log = plot.scale().logarithmic;
  QTest::keyClick(&plot, Qt::Key_L);
  EXPECT_NE(plot.scale().logarithmic, log);
  const QString map = plot.style().colours;
  QTest::keyClick(&plot, Qt::Key_C);
  EXPECT_NE(plot.style().colours, map);
  QTest::keyClick(&plot, Qt::Key_T);
  QTest::keyClick(&plot, Qt::Key_Backspace);
  QTest::keyClick(&plot, Qt::Key_PageDown);
  QTest::keyClick(&plot, Qt::Key_PageUp);
  EXPECT_EQ(table.count(), 1);
  EXPECT_EQ(climbed.count(), 1);
  ASSERT_EQ(layer.count(), 2);
  EXPECT_EQ(layer[0][0].toInt(), 1);
  EXPECT_EQ(layer[1][0].toInt(), -1);
}

TEST_F(PlotGrammar, ScreenReadersHearAChart) {
  QAccessibleInterface* spoken = QAccessible::queryAccessibleInterface(&plot);
  ASSERT_NE(spoken, nullptr);
  EXPECT_EQ(spoken->role(), QAccessible::Chart);
  EXPECT_EQ(spoken->text(QAccessible::Name), plot.title());
  Selection s;
  s.layer = 3;
  s.channel = 1415;
  plot.set_selection(s);
  EXPECT_EQ(spoken->text(QAccessible::Value), plot.sentence());
  EXPECT_TRUE(plot.sentence().contains(QStringLiteral("1415")));
}

TEST_F(PlotGrammar, FollowsThePaletteAndShowsWhatToDoWhenEmpty) {
  plot.setPalette(rolora::test::dark_palette());
  QCoreApplication::processEvents();
  EXPECT_EQ(plot.style().background, QColor(0x1e, 0x1f, 0x22));
  EXPECT_LT(qGray(plot.grab().toImage().pixel(2, 2)), 60);
  const FigurePtr figure = plot.figure();
  ASSERT_NE(figure, nullptr);
  plot.set_empty_text(QStringLiteral("Open a run."));
  plot.set_data({});
  EXPECT_EQ(plot.sentence(), QStringLiteral("Open a run."));
  EXPECT_EQ(plot.figure(), nullptr);
  EXPECT_FALSE(figure->table().rows.empty()) << "a figure keeps its own data";
}

TEST_F(PlotGrammar, LinkedCrosshair) {
  const QImage before = plot.grab().toImage();
  plot.show_linked_crosshair(2000, 4);
  QCoreApplication::processEvents();
  EXPECT_NE(plot.grab().toImage(), before);
}

}  // namespace
