// SPDX-License-Identifier: GPL-3.0-or-later
// Where things stand: by the room there is, and never over what is worked with.
#include <QDockWidget>
#include <QLineEdit>
#include <QMenuBar>
#include <QPushButton>
#include <QScrollBar>
#include <QTabBar>
#include <QToolButton>
#include <QTreeView>

#include "tests/widgets/window/window_fixture.h"
#include "widgets/plots/plot.h"
#include "widgets/recipe/prompt_panel.h"
#include "widgets/recipe/recipe_page.h"
#include "widgets/trees/map_panel.h"
#include "widgets/trees/outlier_panel.h"
#include "widgets/trees/runs_panel.h"
#include "widgets/views/view.h"
#include "widgets/window/message_bar.h"
#include "widgets/window/run_outcome.h"

namespace rolora::widgets {
namespace {

class Room : public WholeWindow {
 protected:
  void make_window_of(const QSize& size, const char* settings) {
    window_.reset();
    window_ = std::make_unique<MainWindow>(&theme_, WindowOptions{path(settings), path("runs"), false, size});
    window_->show();
    window_->activateWindow();
    ASSERT_TRUE(QTest::qWaitForWindowActive(window_.get()));
  }
  Qt::DockWidgetArea area(const char* id) const {
    return window_->dockWidgetArea(window_->findChild<QDockWidget*>(QStringLiteral("dock.") + QLatin1String(id)));
  }
  QRect in_window(const QWidget* widget) const { return {widget->mapTo(window_.get(), QPoint()), widget->size()}; }
  template <class T>
  T* panel(const char* id) const {
    return qobject_cast<T*>(window_->docks()->panel(QLatin1String(id)));
  }
};

constexpr QSize kSmallLaptop(1066, 666);  // 1600 × 1000 at one and a half

TEST_F(Room, ASmallWindowShowsEverythingWhole) {
  make_window_of(kSmallLaptop, "small.ini");
  open_run();
  QTest::qWait(50);
  EXPECT_EQ(window_->size(), kSmallLaptop) << "it asks for no more than there is";
  EXPECT_EQ(area("inspector"), Qt::BottomDockWidgetArea) << "two columns, not three";
  EXPECT_FALSE(window_->centre()->tabs()->tabBar()->findChild<QToolButton*>(QStringLiteral("ScrollLeftButton"))->isVisible());
  const auto* map = panel<ModelMapPanel>("map");
  EXPECT_GE(map->search()->width(), map->fontMetrics().horizontalAdvance(map->search()->placeholderText()));
  EXPECT_GE(map->view()->columnWidth(kMapBar), map->fontMetrics().averageCharWidth() * 15);
  const auto* outliers = panel<OutlierPanel>("outliers");
  EXPECT_FALSE(outliers->view()->horizontalScrollBar()->isVisible());
  for (const QTabBar* bar : window_->findChildren<QTabBar*>(QString(), Qt::FindDirectChildrenOnly)) {
    for (int i = 0; i < bar->count(); ++i) EXPECT_GE(bar->tabRect(i).width(), bar->fontMetrics().horizontalAdvance(bar->tabText(i)));
  }
  window_->action_registry()->at(QStringLiteral("layout.reset"))->trigger();
  EXPECT_EQ(area("inspector"), Qt::BottomDockWidgetArea);
}

TEST_F(Room, ALargeWindowHasThreeColumns) {
  open_run();
  EXPECT_EQ(area("inspector"), Qt::RightDockWidgetArea);
}

// The recipe has the width for itself, and what was set aside comes back and is remembered as it was.
TEST_F(Room, TheRecipeSetsAsideWhatItHasNoUseFor) {
  open_run();
  ASSERT_TRUE(window_->docks()->is_shown(QStringLiteral("inspector")));
  window_->show_view(QStringLiteral("recipe"));
  EXPECT_FALSE(window_->docks()->is_shown(QStringLiteral("inspector")));
  EXPECT_TRUE(window_->docks()->is_shown(QStringLiteral("outliers"))) << "there is height enough";
  window_->show_view(QStringLiteral("overview"));
  EXPECT_TRUE(window_->docks()->is_shown(QStringLiteral("inspector")));
  window_->show_view(QStringLiteral("recipe"));
  window_->close();
  make_window();
  open_run();
  EXPECT_TRUE(window_->docks()->is_shown(QStringLiteral("inspector")));
  make_window_of(kSmallLaptop, "small.ini");
  open_run();
  window_->show_view(QStringLiteral("recipe"));
  EXPECT_FALSE(window_->docks()->is_shown(QStringLiteral("outliers")));
  EXPECT_FALSE(window_->docks()->is_shown(QStringLiteral("jobs")));
  window_->docks()->show(QStringLiteral("jobs"));
  EXPECT_TRUE(window_->docks()->is_shown(QStringLiteral("jobs"))) << "whoever asks for it gets it";
}

TEST_F(Room, MessagesCoverNoPage) {
  const QString longest =
      QStringLiteral("/a/folder/of/runs/story/stations/outliers/statistics.h5: ").repeated(6) + QStringLiteral("damaged");
  for (const QSize& size : {QSize(1400, 900), kSmallLaptop}) {
    make_window_of(size, size == kSmallLaptop ? "small.ini" : "large.ini");
    open_run();
    window_->messages()->set_lifetime(1);
    window_->messages()->tell(MessageBar::Kind::error, longest, QStringLiteral("Show job"), [] {});
    QTest::qWait(50);  // no longer new
    const QRect message = in_window(window_->messages());
    EXPECT_TRUE(window_->rect().contains(message));
    EXPECT_GT(message.left(),
              in_window(window_->menuBar()).left() + window_->menuBar()->actionGeometry(window_->menuBar()->actions().last()).right());
    for (const char* view : {"overview", "magnitude", "training"}) {
      window_->show_view(QLatin1String(view));
      for (const Plot* plot : window_->centre()->findChildren<Plot*>()) {
        EXPECT_FALSE(plot->isVisible() && message.intersects(in_window(plot))) << view;
      }
    }
    window_->show_view(QStringLiteral("recipe"));
    for (const QPushButton* button : window_->recipe()->findChildren<QPushButton*>())
      EXPECT_FALSE(message.intersects(in_window(button))) << button->text().toStdString();
    EXPECT_EQ(window_->messages()->text(), longest);
    ASSERT_TRUE(window_->messages()->details_button()->isVisible());
    window_->messages()->details_button()->click();
    QCoreApplication::processEvents();
    EXPECT_TRUE(window_->messages()->details()->isVisible());
    EXPECT_EQ(window_->messages()->details()->toPlainText(), longest);
    EXPECT_LE(in_window(window_->messages()).height(), window_->height() / 3 + 1);
    EXPECT_TRUE(window_->rect().contains(in_window(window_->messages())));
    window_->messages()->details_button()->click();
  }
}

TEST(MessageLine, NamesTheFileAndLeavesOutTheParsersWords) {
  for (const auto& [text, line] :
       {std::pair("/home/u/runs/story/run.json: line 3, column 7: expected valid JSON, found unexpected '}'; expected string literal",
                  "story/run.json is damaged: no valid JSON at line 3, column 7"),
        {"/a/b/c/stations/outliers/statistics.h5: /plain/layers.0: expected 3 numbers, found 2",
         "outliers/statistics.h5: /plain/layers.0: expected 3 numbers, found 2"},
        {"story is finished. perplexity 51.35 → 36.61", "story is finished. perplexity 51.35 → 36.61"},
        {"Statistics saved: /home/u/out/s.h5", "Statistics saved: out/s.h5"},
        {"one\ntwo", "one"}}) {
    EXPECT_EQ(message_line(QString::fromUtf8(text)).toStdString(), line);
  }
}

TEST_F(Room, APromptKeepsTheLayerAndLeadsBack) {
  open_run();
  Selection before = selection();
  before.layer = 1;
  before.channel = 3;
  window_->workbench().selection->propose(before);
  window_->show_view(QStringLiteral("overview"));
  const QString prompted = path("prompt.h5");
  ASSERT_TRUE(QFile::copy(statistics_file(), prompted));
  bool there = false;
  window_->workbench().statistics->open(prompted, window_.get(), [&](const Result<SummaryPtr>&) { there = true; });
  ASSERT_TRUE(QTest::qWaitFor([&] { return there; }));
  auto* prompt = panel<PromptPanel>("prompt");
  emit prompt->measured({prompted, QStringLiteral("plain")}, {prompted, QStringLiteral("rotated")}, {-1, SiteKind::down_in});
  EXPECT_EQ(selection().a.file, prompted);
  EXPECT_EQ(selection().layer, 1);
  EXPECT_EQ(window_->centre()->current_id(), QStringLiteral("magnitude"));
  auto* back = window_->messages()->findChild<QPushButton*>();
  ASSERT_TRUE(back->isVisible());
  EXPECT_EQ(back->text(), QStringLiteral("Back to run"));
  emit prompt->measured({prompted, QStringLiteral("rotated")}, {}, {-1, SiteKind::down_in});  // a second one
  back->click();
  EXPECT_EQ(selection().a, before.a);
  EXPECT_EQ(selection().channel, 3);
  EXPECT_EQ(window_->messages()->count(), 0);
}

TEST_F(Room, RecentRunsStandInTheTreeAfterARestart) {
  open_run();
  EXPECT_TRUE(window_->windowTitle().startsWith(QStringLiteral("run — "))) << "called as its folder";
  window_->close();
  make_window();
  const auto* model = panel<RunsPanel>("runs")->model();
  const QStringList keys = {QStringLiteral("known"), QStringLiteral("place:") + run_folder()};
  ASSERT_TRUE(QTest::qWaitFor([&] { return model->find(keys).isValid(); }));
  emit panel<RunsPanel>("runs")->view()->clicked(model->find(keys));
  wait_until_read();
  EXPECT_TRUE(selection().a.valid());
  EXPECT_TRUE(QTest::qWaitFor([&] { return !model->find(keys).isValid(); })) << "it stands above, open";
}

TEST(RunOutcome, NamesTheBestOtherStateInTheCostliestQuantization) {
  RunData run;
  const auto add = [&](const char* model, const char* state, const char* text, double perplexity, double full) {
    PerplexityRow row;
    row.model = QString::fromLatin1(model);
    row.state = QString::fromLatin1(state);
    row.text = QString::fromLatin1(text);
    row.perplexity = perplexity;
    row.full_precision = full;
    run.perplexities.push_back(row);
  };
  add("base", "plain", "evaluation", 51.35, 51.35);
  EXPECT_EQ(outcome_of(run), QString());
  add("base", "plain, RTN W6A6", "evaluation", 51.67, 51.35);
  add("base", "plain, RTN W4A4", "evaluation", 53.87, 51.35);
  EXPECT_EQ(outcome_of(run), QString()) << "nothing to compare it with";
  add("rotated-0", "rotated (seed 0), RTN W4A4", "evaluation", 52.24, 51.35);
  add("rotated-1", "rotated (seed 1), RTN W4A4", "evaluation", 52.23, 51.35);
  add("rotated-1", "rotated (seed 1), RTN W4A4", "heldout", 18.09, 17.69);
  EXPECT_EQ(outcome_of(run), QStringLiteral("RTN W4A4 on evaluation: plain 53.87, rotated (seed 1) 52.23"));
}

}  // namespace
}  // namespace rolora::widgets
