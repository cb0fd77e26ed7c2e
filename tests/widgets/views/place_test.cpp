// SPDX-License-Identifier: GPL-3.0-or-later
// What stands around the plots: the steps above them, what they say of what is drawn, the menu of the right button, the threshold's field.
#include <gtest/gtest.h>

#include <QClipboard>
#include <QComboBox>
#include <QGuiApplication>
#include <QMenu>
#include <QSignalSpy>
#include <QTest>

#include "tests/support/sample_statistics.h"
#include "tests/widgets/trees/workbench_fixture.h"
#include "widgets/data/describe.h"
#include "widgets/views/distribution_view.h"
#include "widgets/views/magnitude_view.h"
#include "widgets/views/overview_view.h"

#define WAIT_UNTIL(condition) ASSERT_TRUE(QTest::qWaitFor([&] { return static_cast<bool>(condition); }, 5000)) << #condition

namespace {

using namespace rolora::widgets;
using rolora::SiteKind;

class Places : public OpenWorkbench {
 protected:
  void TearDown() override { magnitude_.reset(); }
  void look(const std::function<void(Selection&)>& how = {}) {
    Selection s;
    s.a = plain();
    s.b = rotated();
    s.site = SiteKind::down_in;
    if (how) how(s);
    selection_.propose(s);
  }
  /// The same run with fewer tokens kept.
  void keep_only(int64_t tokens) {
    rolora::test::SampleShape shape;
    shape.kept = tokens;
    rolora::test::write_sample(file().toStdString(), shape);
  }
  /// The magnitude view with the run open, at a place of layer 1.
  void open_magnitude(int channel = -1, int token = -1) {
    magnitude_ = std::make_unique<MagnitudeView>(workbench_);
    magnitude_->resize(1100, 600);
    magnitude_->show();
    open_run();
    look_in_layer_1(channel, token);
    WAIT_UNTIL(magnitude_->plot()->contents().panels.size() == 2U);
  }
  void look_in_layer_1(int channel, int token) {
    look([=](Selection& s) {
      s.layer = 1;
      s.channel = channel;
      s.token = token;
    });
  }
  std::unique_ptr<MagnitudeView> magnitude_;
  static QAction* action(const QMenu& menu, const char* words) {
    for (QAction* each : menu.actions()) {
      if (each->text().contains(QLatin1String(words))) return each;
    }
    return nullptr;
  }
};

TEST_F(Places, MagnitudeSaysWhichTokensAreKept) {
  keep_only(20);
  open_magnitude();
  MagnitudeView& view = *magnitude_;
  EXPECT_EQ(view.place()->remarks(), QStringLiteral("The first 20 of 60 tokens are kept: window 0 of 3."));
  look_in_layer_1(7, 33);
  EXPECT_EQ(view.place()->remarks(), QStringLiteral("Token 33, in window 1, is not drawn: the first 20 of 60 tokens are kept."));
  look_in_layer_1(-1, 3);
  EXPECT_FALSE(view.place()->remarks().contains(QStringLiteral("not drawn")));
}

// The place where a token is missing is the place where it can be had: of both states, for the window that holds it.
TEST_F(Places, WhatIsNotDrawnIsOneClickAway) {
  keep_only(20);
  open_magnitude();
  MagnitudeView& view = *magnitude_;
  QPushButton* action = view.place()->action();
  EXPECT_FALSE(action->isVisible());
  const int top = view.tabs()->mapTo(&view, QPoint()).y();
  look_in_layer_1(7, 33);
  ASSERT_TRUE(action->isVisible());
  EXPECT_EQ(action->text(), QStringLiteral("&Measure window 1"));
  QCoreApplication::processEvents();
  EXPECT_EQ(view.tabs()->mapTo(&view, QPoint()).y(), top) << "a click on a token moves nothing";
  QVector<StateRef> asked;
  int asked_token = -1;
  QObject::connect(&view, &MagnitudeView::measure_asked, &view, [&](const QVector<StateRef>& states, const SiteKey& site, int token) {
    asked = states;
    asked_token = token;
    EXPECT_EQ(site, (SiteKey{1, SiteKind::down_in}));
  });
  QTest::mouseClick(action, Qt::LeftButton);
  EXPECT_EQ(asked, (QVector<StateRef>{plain(), rotated()}));
  EXPECT_EQ(asked_token, 33);
  look_in_layer_1(7, 3);
  EXPECT_FALSE(action->isVisible());
}

TEST_F(Places, RemarksHaveTheirRoomBeforeTheyCome) {
  PlaceBar bar(workbench_);
  for (const int characters : {60, 160}) {
    bar.resize(bar.fontMetrics().averageCharWidth() * characters, bar.sizeHint().height());
    bar.show();
    QCoreApplication::processEvents();
    bar.set_remarks({});
    bar.set_action({});
    const int free = bar.sizeHint().height();
    const QString said = QStringLiteral("A remark of many words. ").repeated(12);
    bar.set_remarks({{said, true}, {said, false}});
    bar.set_action(QStringLiteral("Measure it"));
    QCoreApplication::processEvents();
    EXPECT_EQ(bar.sizeHint().height(), free) << characters;
    EXPECT_TRUE(bar.remarks().startsWith(said)) << "what is cut is told whole";
    EXPECT_EQ(bar.findChild<LinesLabel*>()->toolTip(), bar.remarks());
    EXPECT_EQ(bar.findChild<LinesLabel*>()->text().count(QLatin1Char('\n')), characters < 90 ? 1 : 0);
  }
}

TEST_F(Places, AllLayersMeansTheFarthestAndSaysSo) {
  MagnitudeView view(workbench_);
  DistributionView distribution(workbench_);
  view.show();
  open_run();
  look();
  WAIT_UNTIL(view.plot()->contents().panels.size() == 2U);
  EXPECT_EQ(view.shown_layer(), 1);
  EXPECT_TRUE(view.place()->remarks().contains(QStringLiteral("layer 1 is drawn, the one with the largest |x|")))
      << view.place()->remarks().toStdString();
  EXPECT_EQ(view.place()->step(PlaceBar::site)->text(), QStringLiteral("down_proj input, layer 1"));
  EXPECT_TRUE(distribution.place()->remarks().contains(QStringLiteral("All layers are selected"))) << "there each has its line";
  const void* drawn = view.plot()->contents().panels[0].source.get();
  look([](Selection& s) {
    s.layer = 1;
    s.channel = 7;
  });
  EXPECT_FALSE(view.place()->remarks().contains(QStringLiteral("All layers"))) << view.place()->remarks().toStdString();
  EXPECT_EQ(view.plot()->contents().panels[0].source.get(), drawn) << "naming the layer that is drawn reads nothing again";
}

TEST_F(Places, HoverAndSentenceTellTheSameMultiple) {
  OverviewView overview(workbench_);
  MagnitudeView magnitude(workbench_);
  overview.resize(1000, 500);
  magnitude.resize(1000, 500);
  overview.show();
  magnitude.show();
  SelectionSentence sentence(workbench_);
  open_run();
  look([](Selection& s) {
    s.layer = 1;
    s.channel = rolora::test::kPlantedChannel;
    s.comparison = Comparison::only_a;
  });
  WAIT_UNTIL(overview.plot()->contents().panels.size() == 1U && sentence.current().contains(QStringLiteral("median")));
  const auto multiple = [](const QString& text) { return text.section(QStringLiteral("× median"), 0, 0).section(QLatin1Char('('), -1); };
  EXPECT_EQ(multiple(overview.plot()->sentence()), multiple(sentence.current())) << overview.plot()->sentence().toStdString();
  look([](Selection& s) {
    s.layer = 1;
    s.channel = rolora::test::kPlantedChannel;
    s.token = rolora::test::kPlantedToken;
    s.comparison = Comparison::only_a;
  });
  WAIT_UNTIL(magnitude.plot()->contents().panels.size() == 1U && sentence.current().contains(QStringLiteral("median")));
  EXPECT_EQ(multiple(magnitude.plot()->sentence()), multiple(sentence.current())) << magnitude.plot()->sentence().toStdString();
  EXPECT_EQ(multiple(magnitude.surface()->sentence()), multiple(sentence.current())) << magnitude.surface()->sentence().toStdString();
}

TEST_F(Places, StepsLeadBack) {
  open_magnitude(7, 33);
  MagnitudeView& view = *magnitude_;
  PlaceBar* place = view.place();
  EXPECT_EQ(place->step(PlaceBar::channel)->text(), QStringLiteral("channel 7"));
  EXPECT_EQ(place->step(PlaceBar::token)->text(), QStringLiteral("token 33"));
  QSignalSpy page(&view, &View::page_asked);
  QTest::mouseClick(place->step(PlaceBar::channel), Qt::LeftButton);
  EXPECT_EQ(selection_.current().token, -1);
  EXPECT_EQ(selection_.current().channel, 7);
  EXPECT_TRUE(place->step(PlaceBar::token)->isHidden());
  QTest::mouseClick(place->step(PlaceBar::site), Qt::LeftButton);
  EXPECT_EQ(selection_.current().channel, -1);
  EXPECT_EQ(selection_.current().layer, 1);
  QTest::mouseClick(place->step(PlaceBar::overview), Qt::LeftButton);
  EXPECT_EQ(selection_.current().layer, -1);
  ASSERT_EQ(page.count(), 3);
  EXPECT_EQ(page[0][0].toString(), QStringLiteral("magnitude"));
  EXPECT_EQ(page[2][0].toString(), QStringLiteral("overview"));
}

TEST_F(Places, ADifferenceByChannelAcrossARotationIsExplained) {
  OverviewView view(workbench_);
  open_run();
  for (const auto& [comparison, told] :
       {std::pair(Comparison::difference, true), {Comparison::ratio, true}, {Comparison::side_by_side, false}}) {
    look([c = comparison](Selection& s) {
      s.site = SiteKind::down_in;
      s.comparison = c;
    });
    EXPECT_EQ(view.place()->remarks().contains(QStringLiteral("mixture")), told) << view.place()->remarks().toStdString();
  }
}

TEST_F(Places, AFoldedPairSaysWhyOrWarns) {
  OverviewView view(workbench_);
  open_run();
  look([](Selection& s) {
    s.site = SiteKind::qkv_in;
    s.scaling = Scaling::over_rms;
  });
  WAIT_UNTIL(view.plot()->contents().panels.size() == 2U);
  EXPECT_TRUE(view.place()->remarks().contains(QStringLiteral("only multiples of its rms compare")))
      << view.place()->remarks().toStdString();
  look([](Selection& s) {
    s.site = SiteKind::qkv_in;
    s.scaling = Scaling::absolute;
  });
  EXPECT_TRUE(view.place()->remarks().contains(QStringLiteral("The scales differ"))) << view.place()->remarks().toStdString();
  look([](Selection& s) {
    s.site = SiteKind::qkv_in;
    s.comparison = Comparison::only_a;
  });
  EXPECT_TRUE(view.place()->remarks().isEmpty());
}

TEST_F(Places, TheMenuCopiesSetsTheThresholdAndFilters) {
  OverviewView view(workbench_);
  view.resize(1000, 500);
  view.show();
  open_run();
  look([](Selection& s) { s.comparison = Comparison::only_a; });
  WAIT_UNTIL(view.plot()->contents().panels.size() == 1U);
  QCoreApplication::processEvents();
  QPointer<QMenu> menu;
  QObject::connect(&view, &View::menu_opened, &view, [&](QMenu* opened) { menu = opened; });
  QSignalSpy filtered(&view, &View::layer_filter_asked);
  HeatMap* map = view.plot()->map(0);
  const QPoint at(static_cast<int>(map->keyAxis()->coordToPixel(7)), static_cast<int>(map->valueAxis()->coordToPixel(1)));
  QContextMenuEvent asked(QContextMenuEvent::Mouse, at, view.plot()->mapToGlobal(at));
  QApplication::sendEvent(view.plot(), &asked);
  ASSERT_FALSE(menu.isNull());
  action(*menu, "Copy &value")->trigger();
  EXPECT_EQ(QGuiApplication::clipboard()->text(), QStringLiteral("80"));
  action(*menu, "Copy &data")->trigger();
  WAIT_UNTIL(QGuiApplication::clipboard()->text().startsWith(QStringLiteral("layer,channel,")));
  action(*menu, "Copy &image")->trigger();
  EXPECT_EQ(QGuiApplication::clipboard()->image().size(), view.plot()->grab().size());
  action(*menu, "threshold")->trigger();
  EXPECT_DOUBLE_EQ(view.plot()->threshold(), 80);
  ASSERT_NE(action(*menu, "Filter to layer 1"), nullptr);
  action(*menu, "Filter to layer 1")->trigger();
  EXPECT_EQ(selection_.current().layer, 1);
  EXPECT_EQ(filtered.count(), 1);
  menu->close();
  WAIT_UNTIL(menu.isNull());
}

TEST_F(Places, WaysToCompareAreFoundByTheirOtherNames) {
  OverviewView view(workbench_);
  QComboBox* ways = nullptr;
  for (QComboBox* each : view.findChildren<QComboBox*>()) {
    if (each->findText(QStringLiteral("A | B")) >= 0) ways = each;
  }
  ASSERT_NE(ways, nullptr);
  const auto words = [ways](Comparison way) {
    const int at = ways->findData(static_cast<int>(way));
    return ways->itemText(at) + QLatin1Char(' ') + ways->itemData(at, Qt::ToolTipRole).toString();
  };
  for (const char* name : {"ratio", "A / B", "A ÷ B"}) EXPECT_TRUE(words(Comparison::ratio).contains(QString::fromUtf8(name))) << name;
  for (const char* name : {"difference", "A − B", "A - B"})
    EXPECT_TRUE(words(Comparison::difference).contains(QString::fromUtf8(name))) << name;
}

TEST_F(Places, TheThresholdHasAField) {
  OverviewView view(workbench_);
  view.resize(1000, 500);
  view.show();
  open_run();
  look();
  WAIT_UNTIL(view.plot()->contents().panels.size() == 2U);
  QLineEdit* field = nullptr;
  for (QLineEdit* each : view.findChildren<QLineEdit*>()) {
    if (each->accessibleName().startsWith(QStringLiteral("Outliers"))) field = each;
  }
  ASSERT_NE(field, nullptr);
  EXPECT_FALSE(field->text().isEmpty()) << "the usual one stands there";
  field->setFocus();
  field->selectAll();
  QTest::keyClicks(field, QStringLiteral("12.5"));
  QTest::keyClick(field, Qt::Key_Return);
  EXPECT_DOUBLE_EQ(view.plot()->threshold(), 12.5);
  field->selectAll();
  QTest::keyClick(field, Qt::Key_Delete);
  QTest::keyClick(field, Qt::Key_Return);
  EXPECT_FALSE(view.plot()->has_chosen_threshold());
  EXPECT_FALSE(field->text().isEmpty());
}

TEST_F(Places, TheScaleControlsActOnTheTabThatIsShown) {
  open_magnitude();
  MagnitudeView& view = *magnitude_;
  QCheckBox* log = nullptr;
  for (QCheckBox* each : view.findChildren<QCheckBox*>()) {
    if (each->accessibleName() == QStringLiteral("Log")) log = each;
  }
  ASSERT_NE(log, nullptr);
  EXPECT_TRUE(log->isChecked());
  view.tabs()->setCurrentWidget(view.surface());
  EXPECT_FALSE(log->isChecked()) << "a surface begins with true heights";
  log->click();
  EXPECT_TRUE(view.surface()->scale().logarithmic);
  EXPECT_TRUE(view.plot()->scale().logarithmic) << "and the heat map's is its own";
  view.plot()->set_colours(QStringLiteral("magma"));
  EXPECT_EQ(view.surface()->colours(), QStringLiteral("magma")) << "colours are those of both";
  look([](Selection& s) {
    s.layer = 1;
    s.comparison = Comparison::difference;
  });
  WAIT_UNTIL(view.surface()->scene().panels.size() == 1U);
  EXPECT_TRUE(view.surface()->scale().is_signed);
  WAIT_UNTIL(!view.surface()->is_waiting());
}

TEST_F(Places, EachPlotShowsWhereThePointerIsInTheOther) {
  open_magnitude();
  MagnitudeView& view = *magnitude_;
  QSignalSpy pointed(&view, &View::pointed_at), away(&view, &View::pointed_away);
  view.surface()->resize(view.plot()->size());
  const QImage before = view.surface()->grab().toImage();
  HeatMap* map = view.plot()->map(0);
  QTest::mouseMove(view.plot(), QPointF(map->keyAxis()->coordToPixel(7), map->valueAxis()->coordToPixel(33)).toPoint());
  WAIT_UNTIL(pointed.count() > 0);
  EXPECT_EQ(pointed.back()[0].value<Selection>().channel, 7);
  EXPECT_NE(view.surface()->grab().toImage(), before);
  QEvent leave(QEvent::Leave);
  QApplication::sendEvent(view.plot(), &leave);
  EXPECT_EQ(away.count(), 1);
  EXPECT_EQ(view.surface()->grab().toImage(), before);
}

}  // namespace
