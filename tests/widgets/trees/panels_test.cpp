// SPDX-License-Identifier: GPL-3.0-or-later
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <QAbstractItemModelTester>
#include <QAccessible>
#include <QClipboard>
#include <QComboBox>
#include <QGuiApplication>
#include <QHeaderView>
#include <QLabel>
#include <QLineEdit>
#include <QScrollBar>
#include <QSignalSpy>
#include <cmath>

#include "tests/widgets/trees/workbench_fixture.h"
#include "widgets/trees/inspector_items.h"
#include "widgets/trees/inspector_panel.h"
#include "widgets/trees/map_panel.h"
#include "widgets/trees/outlier_panel.h"
#include "widgets/trees/runs_items.h"
#include "widgets/trees/runs_panel.h"

namespace rolora::widgets {
namespace {

QString cell(const KeyedTreeModel& model, const QStringList& keys, int column) {
  const QModelIndex index = model.find(keys);
  EXPECT_TRUE(index.isValid()) << keys.join(QLatin1Char('/')).toStdString();
  return index.siblingAtColumn(column).data().toString();
}

class Panels : public OpenWorkbench {
 protected:
  QStringList state_keys(const char* label) const {
    return {QStringLiteral("model:abc"), QStringLiteral("run:") + folder_of_run(),
            QStringLiteral("state:outliers/") + QLatin1String(label)};
  }
  static void size(QWidget& widget, int wide, int high) {
    widget.resize(widget.fontMetrics().averageCharWidth() * wide, widget.fontMetrics().height() * high);
    widget.show();
  }
};

TEST_F(Panels, TheTreeOfRunsTellsStatesAndLooksAtThem) {
  RunsPanel panel(workbench_);
  QAbstractItemModelTester tester(panel.model(), QAbstractItemModelTester::FailureReportingMode::Fatal);
  size(panel, 90, 22);
  shoot(panel, "runs-empty");
  open_run();
  EXPECT_EQ(cell(*panel.model(), {QStringLiteral("model:abc")}, kRunsName), QStringLiteral("story"));
  EXPECT_EQ(cell(*panel.model(), state_keys("plain"), kRunsPerplexity), QStringLiteral("12.00"));
  EXPECT_EQ(cell(*panel.model(), state_keys("plain"), kRunsWorst), QStringLiteral("1 (184×)"));
  EXPECT_EQ(cell(*panel.model(), state_keys("rotated"), kRunsName), QStringLiteral("rotated (seed 0)"));
  EXPECT_EQ(selection_.current().a, plain()) << "the first look: before | after";
  EXPECT_EQ(selection_.current().b, rotated());
  EXPECT_EQ(panel.view()->currentIndex(), panel.model()->find(state_keys("rotated")));
  EXPECT_TRUE(panel.view()->isExpanded(panel.model()->find({QStringLiteral("model:abc")})));
  shoot(panel, "runs");

  panel.view()->setCurrentIndex(panel.model()->find(state_keys("rotated")));
  panel.make_current_the_baseline();
  ASSERT_TRUE(QTest::qWaitFor([&] { return selection_.current().a == rotated(); }));
  EXPECT_EQ(selection_.current().b, plain());
  panel.swap_states();
  EXPECT_EQ(selection_.current().a, plain());

  QSignalSpy pinned(&panel, &RunsPanel::pinned_changed);
  panel.pin_current();
  EXPECT_EQ(pinned.last().at(0).toStringList(), QStringList{folder_of_run()});
  panel.close_current();
  EXPECT_EQ(panel.model()->rowCount(), 0);
  EXPECT_TRUE(statistics_.open_files().empty());
}

TEST_F(Panels, WhatCannotBeReadIsMarkedWhereItStands) {
  run_.set_state("finished");
  test::write_text(run_.folder() / "stations/ppl/DONE", "00\n");
  test::write_text(run_.folder() / "stations/outliers/statistics.h5", "no HDF5");
  RunsPanel panel(workbench_);
  QSignalSpy failed(&statistics_, &StatisticsStore::failed);
  show_run(workbench_, folder_of_run(), &panel);
  ASSERT_TRUE(QTest::qWaitFor([&] { return failed.count() > 0; }));
  const QStringList run = {QStringLiteral("model:abc"), QStringLiteral("run:") + folder_of_run()};
  const auto told = [&](const QStringList& keys) {
    const QModelIndex index = panel.model()->find(keys).siblingAtColumn(kRunsState);
    return index.data().toString().toStdString() + ": " + index.data(Qt::ToolTipRole).toString().toStdString();
  };
  EXPECT_THAT(told(run), testing::StartsWith("damaged: "));
  EXPECT_THAT(told(run + QStringList{QStringLiteral("stations"), QStringLiteral("station:ppl")}),
              testing::AllOf(testing::StartsWith("damaged: "), testing::HasSubstr("what its DONE seals")));
  EXPECT_THAT(told(state_keys("plain")), testing::AllOf(testing::StartsWith("cannot be read: "), testing::HasSubstr("statistics.h5")));
}

TEST_F(Panels, AGrowingRunKeepsItsRowsOpenAndTheCurrentOne) {
  std::filesystem::remove(run_.folder() / "stations/ppl-gptq/DONE");
  run_.set_state("stopped");
  RunsPanel panel(workbench_);
  open_run();
  const QStringList run = {QStringLiteral("model:abc"), QStringLiteral("run:") + folder_of_run()};
  const QModelIndex stations = panel.model()->find(run + QStringList{QStringLiteral("stations")});
  panel.view()->expand(stations);
  const QStringList last = run + QStringList{QStringLiteral("stations"), QStringLiteral("station:ppl-gptq")};
  EXPECT_EQ(cell(*panel.model(), last, kRunsState), QStringLiteral("waiting"));
  panel.view()->setCurrentIndex(panel.model()->find(last));
  QSignalSpy updated(&runs_, &RunStore::updated);
  run_.finish_all();
  runs_.refresh(folder_of_run());
  ASSERT_TRUE(QTest::qWaitFor([&] { return updated.count() > 0; }));
  EXPECT_EQ(cell(*panel.model(), last, kRunsState), QStringLiteral("done"));
  EXPECT_EQ(cell(*panel.model(), last, kRunsPerplexity), QStringLiteral("11.50"));
  EXPECT_EQ(panel.view()->currentIndex(), panel.model()->find(last));
  EXPECT_TRUE(panel.view()->isExpanded(panel.model()->find(run + QStringList{QStringLiteral("stations")})));
}

TEST_F(Panels, TheMapShowsBarsOnOneScaleAndGoesToASite) {
  ModelMapPanel panel(workbench_);
  QAbstractItemModelTester tester(panel.model(), QAbstractItemModelTester::FailureReportingMode::Fatal);
  QAbstractItemModelTester filter_tester(panel.filter(), QAbstractItemModelTester::FailureReportingMode::Fatal);
  size(panel, 60, 22);
  open_run();
  ASSERT_EQ(panel.model()->rowCount(), 2);
  const QModelIndex down = panel.model()->find(keys_of_site(1, SiteKind::down_in));
  ASSERT_TRUE(down.isValid());
  EXPECT_EQ(down.data(kBarRole).toDouble(), 80) << "before";
  EXPECT_EQ(down.data(kTickRole).toDouble(), 6) << "after";
  EXPECT_EQ(panel.model()->find(keys_of_layer(1)).data(kBarRole).toDouble(), 80) << "a layer reaches as far as its farthest site";
  EXPECT_EQ(down.siblingAtColumn(kMapBar).data().toString(), QStringLiteral("80.0 | 6.00")) << "both numbers";
  EXPECT_EQ(down.data(Qt::ToolTipRole).toString(), QStringLiteral("down_proj input of layer 1")) << "no name of the file's";
  EXPECT_TRUE(panel.model()->headerData(kMapBar, Qt::Horizontal).toString().startsWith(QStringLiteral("0 – 80.0: ")))
      << panel.model()->headerData(kMapBar, Qt::Horizontal).toString().toStdString();

  panel.search()->setText(QStringLiteral("l1 down input"));
  EXPECT_EQ(panel.filter()->rowCount(), 1);
  QTest::keyClick(panel.search(), Qt::Key_Return);
  EXPECT_EQ(selection_.current().layer, 1);
  EXPECT_EQ(selection_.current().site, SiteKind::down_in);
  panel.search()->setText(QStringLiteral("l1 qkv_in"));
  QTest::keyClick(panel.search(), Qt::Key_Return);
  EXPECT_EQ(selection_.current().site, SiteKind::qkv_in);
  EXPECT_EQ(selection_.current().scaling, Scaling::over_rms) << "a folded norm lies between the two states";
  panel.search()->clear();
  panel.view()->expandAll();
  shoot(panel, "map");

  Selection s = selection_.current();
  s.layer = 0;
  s.site = SiteKind::down_in;
  selection_.propose(s);
  EXPECT_EQ(panel.filter()->mapToSource(panel.view()->currentIndex()), panel.model()->find(keys_of_site(0, SiteKind::down_in)));
  panel.measure()->setCurrentIndex(2);
  EXPECT_GT(panel.model()->find(keys_of_site(1, SiteKind::down_in)).data(kBarRole).toDouble(), 100) << "kurtosis";
}

TEST(Bars, LieOnOneLinearScaleFromZero) {
  BarDelegate bars;
  bars.set_most(64);
  EXPECT_NEAR(bars.place(64), 1, 1e-12);
  EXPECT_NEAR(bars.place(16), 0.25, 1e-12);
  EXPECT_EQ(bars.place(0), 0);
  EXPECT_TRUE(std::isnan(bars.place(std::nan(""))));
}

TEST_F(Panels, TheInspectorGivesNumbersDefinitionsAndProvenance) {
  InspectorPanel panel(workbench_);
  QAbstractItemModelTester tester(panel.model(), QAbstractItemModelTester::FailureReportingMode::Fatal);
  size(panel, 60, 34);
  open_run();
  Selection s = selection_.current();
  s.layer = 1;
  s.channel = test::kPlantedChannel;
  selection_.propose(s);
  const QStringList value = {QStringLiteral("selected"), QStringLiteral("value")};
  ASSERT_TRUE(QTest::qWaitFor([&] {
    return panel.model()->find({QStringLiteral("selected"), QStringLiteral("channel")}).isValid() && panel.model()->find(value).isValid();
  }));
  ASSERT_TRUE(QTest::qWaitFor([&] { return !cell(*panel.model(), value, kInspectorB).isEmpty(); }));
  EXPECT_EQ(cell(*panel.model(), value, kInspectorName), QStringLiteral("absmax"));
  EXPECT_EQ(cell(*panel.model(), value, kInspectorA).toDouble(), 80);
  EXPECT_EQ(cell(*panel.model(), value, kInspectorB).toDouble(), 6);
  EXPECT_EQ(cell(*panel.model(), {QStringLiteral("site"), QStringLiteral("tokens")}, kInspectorA), QStringLiteral("60"));
  const QStringList rounding = {QStringLiteral("weights"), QStringLiteral("down_proj.rtn_relative_error")};
  EXPECT_EQ(cell(*panel.model(), rounding, kInspectorA).toDouble(), 0.125);
  EXPECT_EQ(cell(*panel.model(), rounding, kInspectorB).toDouble(), 0.0625) << "each state's own weights";
  EXPECT_EQ(cell(*panel.model(), {QStringLiteral("provenance"), QStringLiteral("rotation")}, kInspectorB),
            QStringLiteral("R1 hadamard, R4 hadamard, seed 0"));
  EXPECT_EQ(cell(*panel.model(), {QStringLiteral("provenance"), QStringLiteral("seed")}, kInspectorA), QStringLiteral("11"));
  panel.view()->setCurrentIndex(panel.model()->find(value));
  EXPECT_EQ(panel.definition()->text(), QStringLiteral("absmax: max |x| of the channel over the tokens"));
  EXPECT_TRUE(panel.sentence()->text().contains(QStringLiteral("channel 7"))) << panel.sentence()->text().toStdString();
  panel.copy();
  const QString text = QGuiApplication::clipboard()->text();
  EXPECT_TRUE(text.contains(QStringLiteral("hash of rotated"))) << "the whole hash, not its beginning";
  shoot(panel, "inspector");
}

// A narrow dock keeps whole names and the figures that matter most.
TEST_F(Panels, PromptsOfOneTextAreToldApart) {
  RunsInput input;
  for (const auto& [folder, title] : {std::pair("/t/0", "bundled"), {"/t/1", "rotated"}, {"/t/2", "rotated"}}) {
    auto file = std::make_shared<StatisticsSummary>();
    file->file = QLatin1String(folder) + QStringLiteral("/“Once upon a time”.h5");
    StateSummary state;
    state.label = QStringLiteral("plain");
    state.title = QLatin1String(title);
    file->states.push_back(state);
    input.files.push_back(file);
  }
  std::vector<std::string> names;
  for (const TreeItem& item : runs_items(input)) names.push_back(item.cells[kRunsName].text.toStdString());
  EXPECT_EQ(names, (std::vector<std::string>{"“Once upon a time”.h5 · bundled", "“Once upon a time”.h5 · rotated",
                                             "“Once upon a time”.h5 · rotated (2)"}));
}

// Perplexity is what runs are compared by: it stays while names have their least width, elided in the middle.
TEST_F(Panels, ColumnsGiveWayInTheirOrder) {
  open_run();
  RunsPanel runs(workbench_);
  size(runs, 36, 22);
  QCoreApplication::processEvents();
  EXPECT_TRUE(runs.view()->isColumnHidden(kRunsSize));
  EXPECT_FALSE(runs.view()->isColumnHidden(kRunsName));
  EXPECT_FALSE(runs.view()->isColumnHidden(kRunsPerplexity));
  EXPECT_EQ(runs.view()->textElideMode(), Qt::ElideMiddle);
  const int letter = runs.fontMetrics().averageCharWidth();
  EXPECT_GE(runs.view()->columnWidth(kRunsName), letter * 22);
  const auto names_fit = [&] {
    const QAbstractItemView* view = runs.view();
    const int air = 2 * runs.fontMetrics().averageCharWidth();  // that every cell is given
    return view->sizeHintForColumn(kRunsName) - air <= runs.view()->columnWidth(kRunsName);
  };
  EXPECT_FALSE(runs.view()->horizontalScrollBar()->isVisible());
  shoot(runs, "runs-narrow");
  size(runs, 110, 22);
  QCoreApplication::processEvents();
  for (const int column : {kRunsState, kRunsPerplexity, kRunsWorst, kRunsSize}) EXPECT_FALSE(runs.view()->isColumnHidden(column)) << column;
  EXPECT_TRUE(names_fit());

  OutlierPanel outliers(workbench_);
  ASSERT_TRUE(QTest::qWaitFor([&] { return outliers.model()->rowCount() > 0; }));
  size(outliers, 70, 14);
  QCoreApplication::processEvents();
  EXPECT_TRUE(outliers.view()->isColumnHidden(kOutlierKurtosis));
  EXPECT_FALSE(outliers.view()->isColumnHidden(kOutlierValue));
  EXPECT_FALSE(outliers.view()->horizontalScrollBar()->isVisible());
  shoot(outliers, "outliers-narrow");
  size(outliers, 160, 14);
  QCoreApplication::processEvents();
  for (int column = 0; column < kOutlierColumns; ++column) EXPECT_FALSE(outliers.view()->isColumnHidden(column)) << column;
}

TEST_F(Panels, TheMapKeepsItsBarsAndItsSearchInANarrowDock) {
  open_run();
  ModelMapPanel panel(workbench_);
  size(panel, 34, 22);
  QCoreApplication::processEvents();
  const int letter = panel.fontMetrics().averageCharWidth();
  EXPECT_GE(panel.view()->columnWidth(kMapBar), letter * 15);
  EXPECT_GE(panel.search()->width(), letter * 28) << "a line of its own";
  EXPECT_GT(panel.measure()->y(), panel.search()->y());
  shoot(panel, "map-narrow");
  size(panel, 70, 22);
  QCoreApplication::processEvents();
  EXPECT_EQ(panel.measure()->y(), panel.search()->y());
}

TEST_F(Panels, TheInspectorStandsWideWhereThereIsNoHeight) {
  open_run();
  InspectorPanel panel(workbench_);
  size(panel, 120, 13);
  ASSERT_TRUE(QTest::qWaitFor([&] { return panel.model()->rowCount() > 0; }));
  QCoreApplication::processEvents();
  EXPECT_GT(panel.definition()->x(), panel.view()->geometry().right() - 2) << "beside the numbers";
  shoot(panel, "inspector-wide");
  EXPECT_EQ(panel.model()->index(1, 0).data().toString(), QStringLiteral("Most of all layers"));
  const QModelIndex largest = panel.model()->find({QStringLiteral("layers"), QStringLiteral("absmax")});
  EXPECT_EQ(largest.siblingAtColumn(kInspectorA).data().toString(), QStringLiteral("80.000"));
  EXPECT_TRUE(largest.siblingAtColumn(kInspectorA).data(Qt::ToolTipRole).toString().endsWith(QStringLiteral("in layer 1")));
  size(panel, 50, 40);
  QCoreApplication::processEvents();
  EXPECT_GT(panel.definition()->y(), panel.view()->geometry().bottom() - 2) << "below them";
}

// A channel is a place in both states, not A's alone.
TEST_F(Panels, ThePlaceStandsUnderBothStates) {
  open_run();
  InspectorPanel panel(workbench_);
  Selection s = selection_.current();
  s.layer = 1;
  s.channel = 7;
  selection_.propose(s);
  const QStringList keys = {QStringLiteral("selected"), QStringLiteral("channel")};
  ASSERT_TRUE(QTest::qWaitFor([&] { return panel.model()->find(keys).isValid(); }));
  EXPECT_EQ(panel.model()->find(keys).siblingAtColumn(kInspectorB).data().toString(), QStringLiteral("7"));
}

TEST_F(Panels, EmptyOnesSayWhatToDoAndEveryControlHasAName) {
  RunsPanel runs(workbench_);
  ModelMapPanel map(workbench_);
  OutlierPanel outliers(workbench_);
  InspectorPanel inspector(workbench_);
  for (QWidget* panel : std::initializer_list<QWidget*>{&runs, &map, &outliers, &inspector}) {
    size(*panel, 50, 20);
    bool told = false;
    for (const QLabel* label : panel->findChildren<QLabel*>())
      told = told || (label->isVisible() && label->text().endsWith(QLatin1Char('.')));
    EXPECT_TRUE(told) << panel->objectName().toStdString();
    for (QWidget* child : panel->findChildren<QWidget*>()) {
      if (child->focusPolicy() == Qt::NoFocus || child->objectName().startsWith(QStringLiteral("qt_"))) continue;
      QAccessibleInterface* spoken = QAccessible::queryAccessibleInterface(child);
      ASSERT_NE(spoken, nullptr);
      const bool part =
          qobject_cast<QAbstractItemView*>(child->parentWidget()) != nullptr || qobject_cast<QLineEdit*>(child->parentWidget());
      EXPECT_TRUE(part || !spoken->text(QAccessible::Name).isEmpty()) << child->metaObject()->className();
    }
  }
}

}  // namespace
}  // namespace rolora::widgets
