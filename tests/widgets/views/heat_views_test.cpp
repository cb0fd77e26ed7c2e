// SPDX-License-Identifier: GPL-3.0-or-later
// The views of overview and magnitude on a run written by the test.
#include <gtest/gtest.h>

#include <QCheckBox>
#include <QComboBox>
#include <QSignalSpy>
#include <QTest>

#include "tests/widgets/plots/heat_sample.h"
#include "tests/widgets/trees/workbench_fixture.h"
#include "widgets/views/magnitude_view.h"
#include "widgets/views/overview_view.h"

#define WAIT_UNTIL(condition) ASSERT_TRUE(QTest::qWaitFor([&] { return static_cast<bool>(condition); }, 5000)) << #condition

namespace {

using namespace rolora::widgets;
using rolora::SiteKind;

class HeatViews : public OpenWorkbench {
 protected:
  void look_at_both() {
    Selection s;
    s.a = rotated();
    s.b = plain();
    s.site = SiteKind::down_in;
    selection_.propose(s);
  }
  void change(const std::function<void(Selection&)>& how) {
    Selection s = selection_.current();
    how(s);
    selection_.propose(s);
  }
};

TEST_F(HeatViews, OverviewShowsBothStatesOnOneScale) {
  OverviewView view(workbench_);
  view.resize(900, 500);
  view.show();
  EXPECT_TRUE(view.plot()->sentence().contains(QStringLiteral("Open a run")));
  EXPECT_EQ(view.figure(), nullptr);
  open_run();
  look_at_both();
  WAIT_UNTIL(view.plot()->contents().panels.size() == 2U);
  const HeatContents& contents = view.plot()->contents();
  EXPECT_EQ(contents.panels[0].source->rows(), 2);
  EXPECT_EQ(contents.panels[0].source->columns(), 24);
  EXPECT_DOUBLE_EQ(contents.panels[1].source->at(1, rolora::test::kPlantedChannel), 80);
  EXPECT_DOUBLE_EQ(contents.panels[0].source->at(1, rolora::test::kPlantedChannel), 6);
  EXPECT_NEAR(view.plot()->scale().upper, 80, 1e-3);
  QCoreApplication::processEvents();
  EXPECT_EQ(view.plot()->map(0)->colours().of_value(6), view.plot()->map(1)->colours().of_value(6));
  const FigurePtr figure = view.figure();
  ASSERT_NE(figure, nullptr);
  EXPECT_TRUE(figure->caption().startsWith(QStringLiteral("Largest |x|"))) << figure->caption().toStdString();
  EXPECT_TRUE(figure->caption().contains(QStringLiteral("chapters.txt"))) << figure->caption().toStdString();
  EXPECT_TRUE(figure->caption().contains(QStringLiteral("seed 0"))) << figure->caption().toStdString();
  shoot(view, "view-overview");
}

TEST_F(HeatViews, OverviewFollowsTheChoices) {
  OverviewView view(workbench_);
  view.resize(900, 500);
  view.show();
  open_run();
  look_at_both();
  WAIT_UNTIL(view.plot()->contents().panels.size() == 2U);
  const double rms = statistics_.summary(file())->find(QStringLiteral("plain"))->sites.at(SiteKey{1, SiteKind::down_in}).all.rms;
  change([](Selection& s) { s.scaling = Scaling::over_rms; });
  WAIT_UNTIL(view.plot()->data().over_rms);
  EXPECT_NEAR(view.plot()->contents().panels[1].source->at(1, rolora::test::kPlantedChannel), 80 / rms, 1e-3);
  EXPECT_TRUE(view.plot()->contents().scale_label.contains(QStringLiteral("rms"))) << "the plot says so";
  change([](Selection& s) { s.comparison = Comparison::difference; });
  WAIT_UNTIL(view.plot()->contents().panels.size() == 1U);
  EXPECT_TRUE(view.plot()->scale().is_signed);
  EXPECT_LT(view.plot()->contents().panels[0].source->at(1, rolora::test::kPlantedChannel), 0) << "A − B: rotation took it away";
  change([](Selection& s) {
    s.comparison = Comparison::side_by_side;
    s.statistic = QStringLiteral("kurtosis");
  });
  WAIT_UNTIL(view.plot()->data().statistic == QLatin1String("kurtosis"));
  EXPECT_FALSE(view.plot()->data().over_rms) << "a kurtosis has no scale";
  auto boxes = view.findChildren<QComboBox*>();
  const auto site = std::find_if(boxes.begin(), boxes.end(), [](QComboBox* b) { return b->accessibleName() == QLatin1String("Site"); });
  ASSERT_NE(site, boxes.end());
  EXPECT_EQ((*site)->currentData().toInt(), static_cast<int>(SiteKind::down_in));
  (*site)->setCurrentIndex((*site)->findData(static_cast<int>(SiteKind::qkv_in)));
  emit(*site)->activated((*site)->currentIndex());
  EXPECT_EQ(selection_.current().site, SiteKind::qkv_in);
  WAIT_UNTIL(view.plot()->contents().panels.size() == 2U && view.plot()->contents().panels[0].source->columns() == 10);
}

TEST_F(HeatViews, ClicksBecomeTheSelectionAndHoverTheSentence) {
  OverviewView view(workbench_);
  view.resize(900, 500);
  view.show();
  open_run();
  look_at_both();
  WAIT_UNTIL(view.plot()->contents().panels.size() == 2U);
  QCoreApplication::processEvents();
  QSignalSpy sentence(&view, &View::sentence_changed), drilled(&view, &View::drilled);
  HeatMap* map = view.plot()->map(1);
  const QPoint at(static_cast<int>(map->keyAxis()->coordToPixel(7)), static_cast<int>(map->valueAxis()->coordToPixel(1)));
  QTest::mouseMove(view.plot(), at);
  WAIT_UNTIL(sentence.count() > 0);
  EXPECT_TRUE(sentence.back()[0].toString().contains(QStringLiteral("layer 1 · down_proj input · channel 7 · absmax 80")))
      << sentence.back()[0].toString().toStdString();
  QTest::mouseClick(view.plot(), Qt::LeftButton, Qt::NoModifier, at);
  EXPECT_EQ(selection_.current().layer, 1);
  EXPECT_EQ(selection_.current().channel, 7);
  QTest::mouseDClick(view.plot(), Qt::LeftButton, Qt::NoModifier, at);
  EXPECT_EQ(drilled.count(), 1);
  QTest::keyClick(view.plot(), Qt::Key_PageUp);
  EXPECT_EQ(selection_.current().layer, 0);
}

TEST_F(HeatViews, MagnitudeShowsTokensAndNeighbours) {
  MagnitudeView view(workbench_);
  view.resize(1000, 600);
  view.show();
  open_run();
  look_at_both();
  WAIT_UNTIL(view.plot()->contents().panels.size() == 2U);
  EXPECT_EQ(view.shown_layer(), 1) << "the first layer whose values are there";
  EXPECT_EQ(view.plot()->contents().panels[0].source->rows(), 60);
  change([](Selection& s) {
    s.layer = 1;
    s.token = rolora::test::kPlantedToken;
    s.channel = rolora::test::kPlantedChannel;
    s.comparison = Comparison::only_b;
  });
  WAIT_UNTIL(view.plot()->contents().panels.size() == 1U);
  const QString sentence = view.plot()->sentence();
  EXPECT_TRUE(sentence.contains(QStringLiteral("token 33 ‹133›"))) << sentence.toStdString();
  EXPECT_TRUE(sentence.contains(QStringLiteral("131 132 ‹133› 134 135"))) << sentence.toStdString();
  EXPECT_TRUE(sentence.contains(QStringLiteral("80"))) << sentence.toStdString();
  QCoreApplication::processEvents();
  shoot(view, "view-magnitude");
  view.tabs()->setCurrentWidget(view.surface());
  WAIT_UNTIL(!view.surface()->is_waiting());
  EXPECT_TRUE(view.surface()->sentence().contains(QStringLiteral("‹133›")));
  ASSERT_NE(view.figure(), nullptr);
  EXPECT_TRUE(view.figure()->name().startsWith(QStringLiteral("surface-layers.1.down_in")));
  shoot(view, "view-surface");
}

TEST_F(HeatViews, FirstTokensAreLeftOut) {
  MagnitudeView view(workbench_);
  view.show();
  open_run();
  look_at_both();
  WAIT_UNTIL(view.plot()->contents().panels.size() == 2U);
  const HeatSource* all = view.plot()->contents().panels[0].source.get();
  EXPECT_NE(all->at(20, 3), 0);
  change([](Selection& s) { s.without_first = true; });
  WAIT_UNTIL(view.plot()->data().without_first);
  const HeatSource& rest = *view.plot()->contents().panels[0].source;
  for (const int64_t token : {0, 20, 40}) EXPECT_EQ(rest.at(token, 3), 0);
  EXPECT_NE(rest.at(21, 3), 0);
}

TEST_F(HeatViews, AMissingSiteSaysWhatToDoAndAsksForIt) {
  MagnitudeView view(workbench_);
  view.resize(900, 500);
  view.show();
  open_run();
  look_at_both();
  WAIT_UNTIL(view.plot()->contents().panels.size() == 2U);
  change([](Selection& s) { s.layer = 0; });
  WAIT_UNTIL(view.plot()->contents().panels.empty());
  EXPECT_EQ(view.figure(), nullptr);
  auto* button = qobject_cast<QPushButton*>(view.focus_widget());
  ASSERT_NE(button, nullptr);
  EXPECT_TRUE(button->isVisible());
  EXPECT_TRUE(button->text().contains(QStringLiteral("down_proj input, layer 0"))) << button->text().toStdString();
  shoot(view, "view-missing");
  std::vector<StateRef> asked;
  QObject::connect(&view, &MagnitudeView::measure_asked, &view, [&](const QVector<StateRef>& states, const SiteKey& site, int token) {
    asked.assign(states.begin(), states.end());
    EXPECT_EQ(token, -1) << "the first window";
    EXPECT_EQ(site, (SiteKey{0, SiteKind::down_in}));
  });
  QTest::mouseClick(button, Qt::LeftButton);
  EXPECT_EQ(asked, (std::vector<StateRef>{rotated(), plain()}));
}

TEST_F(HeatViews, ClosingTheFileEmptiesTheViews) {
  OverviewView overview(workbench_);
  MagnitudeView magnitude(workbench_);
  open_run();
  look_at_both();
  WAIT_UNTIL(overview.plot()->contents().panels.size() == 2U && magnitude.plot()->contents().panels.size() == 2U);
  statistics_.close(file());
  WAIT_UNTIL(overview.plot()->contents().panels.empty() && magnitude.plot()->contents().panels.empty());
}

TEST_F(HeatViews, EveryControlHasANameAndATip) {
  OverviewView overview(workbench_);
  MagnitudeView magnitude(workbench_);
  for (QWidget* view : {static_cast<QWidget*>(&overview), static_cast<QWidget*>(&magnitude)}) {
    for (QWidget* child : view->findChildren<QWidget*>()) {
      if (child->focusPolicy() == Qt::NoFocus || child->inherits("QComboBoxPrivateContainer") || child->inherits("QComboBoxListView"))
        continue;
      QAccessibleInterface* spoken = QAccessible::queryAccessibleInterface(child);
      ASSERT_NE(spoken, nullptr);
      EXPECT_FALSE(spoken->text(QAccessible::Name).isEmpty()) << child->metaObject()->className();
    }
  }
}

}  // namespace
