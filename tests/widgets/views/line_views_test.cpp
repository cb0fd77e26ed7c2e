// SPDX-License-Identifier: GPL-3.0-or-later
// The views of distribution, layer profile and training on a run written by the test.
#include <gtest/gtest.h>

#include <QAccessible>
#include <QCheckBox>
#include <QComboBox>
#include <QSignalSpy>
#include <QTest>

#include "tests/support/sample_run.h"
#include "tests/support/temporary_folder.h"
#include "widgets/views/distribution_view.h"
#include "widgets/views/profile_view.h"
#include "widgets/views/training_view.h"

// The QTRY macros of QTest do not tell GoogleTest.
#define WAIT_FOR(condition) ASSERT_TRUE(QTest::qWaitFor([&] { return static_cast<bool>(condition); }, 5000)) << #condition

namespace {

using namespace rolora::widgets;
using rolora::SiteKind;
using rolora::test::SampleRun;
using rolora::testing::TemporaryFolder;

class LineViews : public testing::Test {
 protected:
  LineViews() : run_(folder_ / "run") {
    run_.finish_all();
    file_ = QString::fromStdString((run_.folder() / "stations/outliers/statistics.h5").string());
  }
  void open_statistics() {
    bool opened = false;
    statistics_.open(file_, &selection_, [&](const Result<SummaryPtr>& summary) { opened = summary.ok(); });
    WAIT_FOR(opened);
    Selection s;
    s.a = {file_, QStringLiteral("plain")};
    s.b = {file_, QStringLiteral("rotated")};
    s.site = SiteKind::down_in;
    selection_.propose(s);
  }
  void open_run() {
    bool opened = false;
    runs_.open(QString::fromStdString(run_.folder().string()), &selection_, [&](const Result<RunDataPtr>& run) { opened = run.ok(); });
    WAIT_FOR(opened);
  }
  void choose(const std::function<void(Selection&)>& change) {
    Selection s = selection_.current();
    change(s);
    selection_.propose(s);
  }
  void open_run_at(const SampleRun& run) {
    bool opened = false;
    runs_.open(QString::fromStdString(run.folder().string()), &selection_, [&](const Result<RunDataPtr>& r) { opened = r.ok(); });
    WAIT_FOR(opened);
  }
  Workbench workbench() { return {&selection_, &statistics_, &runs_}; }
  TemporaryFolder folder_;
  SampleRun run_;
  QString file_;
  SelectionModel selection_;
  StatisticsStore statistics_;
  RunStore runs_;
};

void every_control_is_named(QWidget* view) {
  for (QWidget* child : view->findChildren<QWidget*>()) {
    if (child->focusPolicy() == Qt::NoFocus || !child->isVisibleTo(view)) continue;
    if (child->inherits("QComboBoxPrivateContainer") || child->inherits("QComboBoxListView") || child->inherits("QMenu")) continue;
    QAccessibleInterface* spoken = QAccessible::queryAccessibleInterface(child);
    ASSERT_NE(spoken, nullptr);
    EXPECT_FALSE(spoken->text(QAccessible::Name).isEmpty()) << child->metaObject()->className();
  }
}

TEST_F(LineViews, DistributionShowsAllLayersThenOneAndFollowsTheSelection) {
  DistributionView view(workbench());
  view.resize(900, 600);
  view.show();
  open_statistics();
  WAIT_FOR(view.plot()->data().rows.size() == 2U);
  EXPECT_TRUE(view.plot()->data().rows[0].a && view.plot()->data().rows[0].b);
  choose([](Selection& s) { s.layer = 1; });
  WAIT_FOR(view.plot()->data().rows.size() == 1U);
  EXPECT_EQ(view.plot()->data().rows[0].a->marks.back().second, 80);  // planted
  choose([](Selection& s) { s.comparison = Comparison::only_b; });
  WAIT_FOR(!view.plot()->data().rows[0].a);
  EXPECT_EQ(view.plot()->data().rows[0].b->marks.back().second, 6);
  choose([](Selection& s) { s.scaling = Scaling::over_rms; });
  WAIT_FOR(view.plot()->data().scaling == Scaling::over_rms);
  EXPECT_NE(view.figure(), nullptr);
  EXPECT_TRUE(view.figure()->caption().contains(QStringLiteral("60 tokens")));
  every_control_is_named(&view);
}

TEST_F(LineViews, AFileThatIsNotReadYetSaysSo) {
  DistributionView view(workbench());
  view.resize(900, 600);
  view.show();
  Selection s;
  s.a = {file_, QStringLiteral("plain")};
  selection_.propose(s);
  EXPECT_TRUE(view.plot()->sentence().contains(QStringLiteral("Reading"))) << view.plot()->sentence().toStdString();
  open_statistics();
  WAIT_FOR(view.plot()->data().rows.size() == 2U);
}

TEST_F(LineViews, DistributionOfTokensCountsTokens) {
  DistributionView view(workbench());
  view.resize(900, 600);
  view.show();
  open_statistics();
  choose([](Selection& s) { s.layer = 0; });
  WAIT_FOR(view.plot()->data().rows.size() == 1U);
  const QList<QComboBox*> boxes = view.findChildren<QComboBox*>();
  const auto of = std::find_if(boxes.begin(), boxes.end(), [](QComboBox* box) { return box->accessibleName() == QStringLiteral("Of"); });
  ASSERT_NE(of, boxes.end());
  (*of)->setFocus();
  QTest::keyClick(*of, Qt::Key_Down);
  WAIT_FOR(view.plot()->data().token_maxima);
  uint64_t tokens = 0;
  for (const uint64_t count : view.plot()->data().rows[0].a->histogram.counts) tokens += count;
  EXPECT_EQ(tokens, 60U);
}

TEST_F(LineViews, PageDownStepsThroughTheLayers) {
  DistributionView view(workbench());
  view.resize(900, 600);
  view.show();
  open_statistics();
  choose([](Selection& s) { s.layer = 0; });
  WAIT_FOR(view.plot()->data().rows.size() == 1U);
  view.plot()->setFocus();
  QTest::keyClick(view.plot(), Qt::Key_PageDown);
  EXPECT_EQ(selection_.current().layer, 1);
}

TEST_F(LineViews, ProfileFollowsSiteAndFirstTokens) {
  ProfileView view(workbench());
  view.resize(900, 700);
  view.show();
  open_statistics();
  WAIT_FOR(view.profile()->data().a && view.profile()->data().b);
  ASSERT_EQ(view.profile()->data().a->layers.size(), 2U);
  EXPECT_EQ(view.profile()->data().a->layers[1].top1, 80);
  const double before = view.profile()->data().a->layers[0].kurtosis;
  choose([](Selection& s) { s.without_first = true; });
  EXPECT_NE(view.profile()->data().a->layers[0].kurtosis, before);
  choose([](Selection& s) { s.site = SiteKind::qkv_in; });
  EXPECT_EQ(view.profile()->data().site, QStringLiteral("qkv_in"));
  every_control_is_named(&view);
}

TEST_F(LineViews, ErrorsOfAnOpenRun) {
  ProfileView view(workbench());
  view.resize(900, 700);
  view.show();
  open_run();
  view.show_page(ProfileView::Page::errors);
  WAIT_FOR(view.errors()->data().series.size() == 1U);
  EXPECT_EQ(view.errors()->data().series[0].linears.size(), 2U);
  EXPECT_TRUE(view.errors()->data().series[0].name.contains(QStringLiteral("GPTQ W4A8")))
      << view.errors()->data().series[0].name.toStdString();
  EXPECT_EQ(view.focus_widget(), view.errors());
  every_control_is_named(&view);
}

TEST_F(LineViews, PerplexitiesOfAnOpenRun) {
  ProfileView view(workbench());
  view.resize(900, 700);
  view.show();
  ASSERT_EQ(view.parts().size(), 2);
  EXPECT_EQ(view.parts()[1].title, QStringLiteral("Perplexity by state"));
  view.show_part(view.parts()[1].id);
  EXPECT_EQ(view.focus_widget(), view.perplexity());
  EXPECT_EQ(view.figure(), nullptr);
  EXPECT_TRUE(view.perplexity()->sentence().contains(QStringLiteral("Open a run"))) << "what to do";
  open_run();
  WAIT_FOR(view.perplexity()->data().rows.size() == 4U);
  ASSERT_NE(view.figure(), nullptr);
  EXPECT_EQ(view.figure()->name(), QStringLiteral("perplexity"));
  EXPECT_TRUE(view.figure()->caption().contains(QStringLiteral("run sample, seed 0"))) << view.figure()->caption().toStdString();
  EXPECT_TRUE(view.perplexity()->sentence().contains(QStringLiteral("lowest on “evaluation”: 11.00 of rotated (seed 0) + LoRA")))
      << view.perplexity()->sentence().toStdString();
  every_control_is_named(&view);
  view.resize(900, 160);
  QCoreApplication::processEvents();
  EXPECT_GE(view.perplexity()->height(), 5 * QFontMetrics(view.perplexity()->style().tick_font).height()) << "rows keep their height";
  for (const QComboBox* box : view.findChildren<QComboBox*>()) {
    EXPECT_FALSE(box->isVisible() && box->accessibleName() == QStringLiteral("Measure")) << "that is of the errors";
  }
  view.show_page(ProfileView::Page::errors);
  EXPECT_EQ(view.focus_widget(), view.errors());
  runs_.close(QString::fromStdString(run_.folder().string()));
  WAIT_FOR(view.perplexity()->data().rows.empty());
}

TEST_F(LineViews, ATrainingWithoutKurtosisSaysWhyAndWhatDrawsIt) {
  std::filesystem::remove(run_.folder() / "stations/lora/adapter/log.jsonl");
  TrainingView view(workbench());
  view.resize(900, 700);
  view.show();
  EXPECT_EQ(view.note(), QString());
  open_run();
  WAIT_FOR(view.plot()->data().series.size() == 1U);
  EXPECT_TRUE(view.plot()->data().series[0].curve.kurtosis.empty());
  EXPECT_TRUE(view.note().contains(QStringLiteral("Outliers every"))) << view.note().toStdString();
  EXPECT_TRUE(view.note().contains(QStringLiteral("site_statistics_every")));
}

TEST_F(LineViews, TrainingsOfOpenRunsComeAndGo) {
  TrainingView view(workbench());
  view.resize(900, 700);
  view.show();
  EXPECT_EQ(view.figure(), nullptr);
  open_run();
  WAIT_FOR(view.plot()->data().series.size() == 1U);
  EXPECT_EQ(view.plot()->data().series[0].name, QStringLiteral("rotated (seed 0) + LoRA")) << "what it makes, as everywhere else";
  EXPECT_EQ(view.note(), QString()) << "its kurtosis is drawn";
  EXPECT_TRUE(view.figure()->caption().contains(QStringLiteral("run sample, seed 0"))) << view.figure()->caption().toStdString();
  EXPECT_EQ(view.plot()->data().series[0].curve.loss.size(), 3U);
  EXPECT_NE(view.figure(), nullptr);
  every_control_is_named(&view);
  runs_.close(QString::fromStdString(run_.folder().string()));
  WAIT_FOR(view.plot()->data().series.size() == 0U);
}

// A finished training that is opened is what the page shows, on its own axis, whatever else is open.
TEST_F(LineViews, TrainingBelongsToTheRunThatWasOpened) {
  TrainingView view(workbench());
  view.resize(900, 600);
  view.show();
  run_.set_state("finished");
  open_run();
  view.show_run(QString::fromStdString(run_.folder().string()));
  ASSERT_EQ(view.plot()->data().series.size(), 1U);
  SampleRun other(folder_ / "long");
  other.finish_all();
  other.set_state("finished");
  open_run_at(other);
  EXPECT_EQ(view.plot()->data().series.size(), 1U) << "opening another in the tree changes nothing here";
  view.show_run(QString::fromStdString(other.folder().string()));
  ASSERT_EQ(view.plot()->data().series.size(), 1U);
  EXPECT_TRUE(view.plot()->data().series[0].name.startsWith(QStringLiteral("long"))) << view.plot()->data().series[0].name.toStdString();
  const auto& steps = view.plot()->data().series[0].curve.step;
  const double upper = view.plot()->axisRects().first()->axis(QCPAxis::atBottom)->range().upper;
  EXPECT_LT(upper, 1.2 * steps.back()) << "the axis is that of its own steps";
  // The other one is a click in the menu away.
  for (QAction* action : view.findChild<QToolButton*>()->menu()->actions()) action->setChecked(true);
  EXPECT_EQ(view.plot()->data().series.size(), 2U);
}

}  // namespace
