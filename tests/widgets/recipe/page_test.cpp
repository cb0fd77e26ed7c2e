// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/recipe/recipe_page.h"

#include <QAccessible>
#include <QAction>
#include <QCheckBox>
#include <QClipboard>
#include <QComboBox>
#include <QLabel>
#include <QLineEdit>
#include <QListView>
#include <QProcess>
#include <QPushButton>
#include <QRegularExpression>
#include <QSignalSpy>

#include "tests/widgets/jobs/job_fixture.h"
#include "tests/widgets/recipe/shots.h"
#include "widgets/base/theme.h"
#include "widgets/jobs/dialog_folder.h"
#include "widgets/jobs/job_queue.h"
#include "widgets/jobs/job_text.h"
#include "widgets/jobs/worker_program.h"
#include "widgets/recipe/cost_bar.h"
#include "widgets/recipe/inputs_form.h"
#include "widgets/recipe/recipe_fields.h"

namespace rolora::widgets::test {
namespace {

class RecipePageTest : public ::testing::Test {
 protected:
  RecipePageTest() {
    std::map<QString, QString> texts;
    for (const char* name : {"calibration", "tuning", "evaluation", "heldout"})
      texts[QString::fromLatin1(name)] = bundled_text(QString::fromLatin1(name));
    page_.set_default_texts(texts);
    page_.set_model(bundled_model());
    page_.resize(1180, 760);
    page_.show();
  }
  template <class T>
  T* field(const char* key) const {
    return page_.findChild<T*>(QStringLiteral("field:") + QString::fromLatin1(key));
  }
  void choose(int row) {
    auto* list = page_.findChild<QListView*>(QStringLiteral("recipe_list"));
    list->setCurrentIndex(list->model()->index(row, 0));
  }
  QAction* action(int i) const { return page_.recipe_actions().at(i); }
  rolora::testing::TemporaryFolder folder_;
  JobQueue queue_{path_of(folder_ / "runs")};
  RecipePage page_{&queue_};
};

TEST_F(RecipePageTest, TheStoryIsReadyToStart) {
  ASSERT_TRUE(wait_for([&] { return page_.can_start(); }));
  EXPECT_EQ(page_.document()->station_count(), 49);
  save_shot(page_, "recipe-story");
  choose(28);
  save_shot(page_, "recipe-story-tune");
}

TEST_F(RecipePageTest, AFieldIsCheckedAtOnceAndByTheWorker) {
  page_.show_preset(QStringLiteral("tune"));
  ASSERT_TRUE(wait_for([&] { return page_.can_start(); }));
  choose(1);
  auto* rank = field<QLineEdit>("rank");
  ASSERT_NE(rank, nullptr);
  rank->clear();
  QTest::keyClicks(rank, QStringLiteral("0"));
  EXPECT_FALSE(page_.can_start()) << "the range is known here";
  EXPECT_TRUE(rank->accessibleDescription().contains(QStringLiteral("at least 1"))) << rank->accessibleDescription().toStdString();
  save_shot(page_, "recipe-wrong-field");
  rank->clear();
  QTest::keyClicks(rank, QStringLiteral("8"));
  EXPECT_EQ(page_.document()->station(0)["rank"], 8);
  ASSERT_TRUE(wait_for([&] { return page_.can_start(); }));
  auto* targets = field<QLineEdit>("targets");
  QTest::keyClicks(targets, QStringLiteral("q_proj, x_proj"));  // only the worker knows which there are
  ASSERT_TRUE(wait_for([&] { return targets->accessibleDescription().startsWith(QStringLiteral("Wrong")); }));
  EXPECT_TRUE(targets->accessibleDescription().contains(QStringLiteral("x_proj"))) << targets->accessibleDescription().toStdString();
  save_shot(page_, "recipe-refused-field");
  EXPECT_FALSE(page_.can_start());
}

TEST_F(RecipePageTest, StartPutsTheJobIntoTheQueueAndItRuns) {
  page_.document()->set_job(small_job());
  QSignalSpy added(&page_, &RecipePage::job_added);
  ASSERT_TRUE(wait_for([&] { return page_.can_start(); }));
  action(0)->trigger();
  ASSERT_EQ(added.count(), 1);
  ASSERT_TRUE(wait_for_state(queue_, added.at(0).at(0).toString(), JobState::finished));
}

// The check takes a second or three: who presses Start within them has pressed it.
TEST_F(RecipePageTest, StartDuringTheCheckIsKeptAndASecondOneQueuesNothing) {
  page_.document()->set_job(small_job());
  ASSERT_FALSE(page_.can_start());
  ASSERT_TRUE(action(0)->isEnabled());
  auto* button = page_.findChild<QPushButton*>(QStringLiteral("start_button"));
  QTest::keyClick(button, Qt::Key_Space);
  EXPECT_EQ(button->text(), QStringLiteral("Checking…"));
  EXPECT_EQ(queue_.count(), 0);
  save_shot(page_, "recipe-checking");
  ASSERT_TRUE(wait_for([&] { return queue_.count() == 1; }));
  EXPECT_EQ(button->text(), QStringLiteral("In the queue"));
  save_shot(page_, "recipe-in-the-queue");
  action(0)->trigger();
  QTest::keyClick(button, Qt::Key_Space);
  EXPECT_EQ(queue_.count(), 1);
  ASSERT_TRUE(wait_for_state(queue_, queue_.at(0).id, JobState::finished));
  EXPECT_EQ(button->text(), QStringLiteral("Start")) << "what has ended can be started again";
  action(0)->trigger();
  ASSERT_EQ(queue_.count(), 2);
  EXPECT_FALSE(action(0)->isEnabled());
  page_.document()->set_name(QStringLiteral("another"));
  EXPECT_TRUE(action(0)->isEnabled()) << "another recipe is another job";
}

TEST_F(RecipePageTest, StartDuringACheckThatEndsBadlySaysWhy) {
  nlohmann::json job = small_job();
  job["stations"][1]["windows"] = 2;
  job["stations"][0]["r1"] = "diagonal";
  page_.document()->set_job(job);
  action(0)->trigger();
  const auto* verdict = page_.findChild<CostBar*>()->findChild<QLabel*>();
  ASSERT_TRUE(wait_for([&] { return verdict->text().contains(QStringLiteral("diagonal")); })) << verdict->text().toStdString();
  EXPECT_EQ(verdict->palette().color(QPalette::WindowText), theme_colours(page_.palette()).error);
  EXPECT_EQ(queue_.count(), 0);
  EXPECT_EQ(action(0)->text(), QStringLiteral("Start"));
  QTest::qWait(200);
  EXPECT_EQ(queue_.count(), 0);
}

// One word for a kind of station, in the recipe and in the jobs.
TEST(StationKinds, AreCalledTheSameInTheJobs) {
  for (const StationKind& kind : station_kinds()) EXPECT_EQ(kind_title(QString::fromLatin1(kind.kind)), field_text(kind.title));
}

TEST_F(RecipePageTest, AMissingModelIsAskedFor) {
  page_.set_model(QString());
  EXPECT_FALSE(page_.can_start());
  save_shot(page_, "recipe-empty");
  page_.set_model(QStringLiteral("/no/such/model"));
  QTest::qWait(100);
  EXPECT_FALSE(page_.can_start());
}

TEST_F(RecipePageTest, CopiesACommandAndSavesAJob) {
  page_.show_preset(QStringLiteral("rotate"));
  action(2)->trigger();
  EXPECT_TRUE(QApplication::clipboard()->text().startsWith(worker_program() + QStringLiteral(" rotate")))
      << QApplication::clipboard()->text().toStdString();
  const QString file = path_of(folder_ / "saved.json");
  ASSERT_TRUE(page_.save_job(file).ok());
  RecipeDocument again;
  ASSERT_TRUE(again.load(file).ok());
  EXPECT_EQ(again.job(), page_.document()->job());
  EXPECT_FALSE(page_.save_job(QStringLiteral("/no/such/folder/saved.json")).ok());
  EXPECT_FALSE(page_.open_job(QStringLiteral("/no/such/job.json")).ok());
}

// Pasted into a shell anywhere, it runs.
TEST_F(RecipePageTest, TheCopiedCommandRunsInAShell) {
  action(2)->trigger();
  QProcess shell;
  shell.setWorkingDirectory(QStringLiteral("/"));
  shell.start(QStringLiteral("/bin/sh"), {QStringLiteral("-c"), QApplication::clipboard()->text() + QStringLiteral(" --dry-run")});
  ASSERT_TRUE(shell.waitForFinished(120000));
  EXPECT_EQ(shell.exitCode(), 0) << QApplication::clipboard()->text().toStdString() << shell.readAllStandardError().toStdString();
  EXPECT_TRUE(shell.readAllStandardOutput().contains("rtn-w4a4-rotated"));
}

TEST_F(RecipePageTest, WhatItCostsIsARangeInSight) {
  ASSERT_TRUE(wait_for([&] { return page_.can_start(); }));
  const auto* bar = page_.findChild<CostBar*>();
  const QString said = bar->findChild<QLabel*>()->text();
  EXPECT_TRUE(said.contains(QRegularExpression(QStringLiteral("about \\d+–\\d+ (s|min)")))) << said.toStdString();
  EXPECT_TRUE(said.contains(QStringLiteral("of memory")));
  EXPECT_TRUE(page_.rect().contains(QRect(bar->mapTo(&page_, QPoint()), bar->size()))) << "without scrolling";
}

// What is only not there yet is no mistake; Start leads to it, and then it is told as one.
TEST_F(RecipePageTest, WhatIsMissingIsNeutralUntilStart) {
  page_.document()->set_job(recipe_presets()[1].job);  // no texts, no model
  page_.set_model(QString());
  const QLabel* verdict = page_.findChild<CostBar*>()->findChild<QLabel*>();
  const QColor error = theme_colours(page_.palette()).error;
  EXPECT_EQ(verdict->text(), QStringLiteral("Choose a model folder."));
  EXPECT_NE(verdict->palette().color(QPalette::WindowText), error);
  for (const QLabel* label : page_.findChildren<QLabel*>()) {
    if (!label->isVisibleTo(&page_)) continue;
    EXPECT_NE(label->palette().color(QPalette::WindowText), error) << label->text().toStdString();
  }
  save_shot(page_, "recipe-fresh");
  ASSERT_TRUE(action(0)->isEnabled());
  choose(2);
  action(0)->trigger();
  EXPECT_EQ(verdict->palette().color(QPalette::WindowText), error);
  EXPECT_TRUE(page_.findChild<InputsForm*>()->isVisibleTo(&page_)) << "it leads to what is missing";
  save_shot(page_, "recipe-asked-to-start");
  EXPECT_EQ(queue_.count(), 0);
}

TEST_F(RecipePageTest, AWrongFieldIsNamedInTheSummary) {
  page_.show_preset(QStringLiteral("tune"));
  choose(1);
  auto* rank = field<QLineEdit>("rank");
  rank->clear();
  QTest::keyClicks(rank, QStringLiteral("0"));
  EXPECT_EQ(page_.findChild<CostBar*>()->findChild<QLabel*>()->text(), QStringLiteral("Tune “tuned”, Rank: expected at least 1"));
}

// Whatever is wrong and wherever it is said: what somebody fills in stays under the pointer.
TEST_F(RecipePageTest, MessagesMoveNoField) {
  page_.resize(1100, 800);
  page_.show();
  QCoreApplication::processEvents();
  const auto places = [&] {
    std::map<const QWidget*, QPoint> out;
    for (const QWidget* widget : page_.findChildren<QWidget*>()) {
      const bool field = qobject_cast<const QLineEdit*>(widget) != nullptr || qobject_cast<const QComboBox*>(widget) != nullptr ||
                         qobject_cast<const QAbstractButton*>(widget) != nullptr;
      if (field && widget->isVisible()) out[widget] = widget->mapTo(&page_, QPoint());
    }
    return out;
  };
  page_.show_preset(QStringLiteral("tune"));
  choose(1);
  QCoreApplication::processEvents();
  auto before = places();
  ASSERT_GT(before.size(), 8U);
  auto* rank = field<QLineEdit>("rank");
  rank->clear();
  QTest::keyClicks(rank, QStringLiteral("0"));
  QCoreApplication::processEvents();
  for (const auto& [widget, place] : places()) EXPECT_EQ(place, before[widget]) << widget->accessibleName().toStdString();
  page_.set_model(QString());
  choose(0);
  QCoreApplication::processEvents();
  before = places();
  action(0)->trigger();  // the model is asked for
  QCoreApplication::processEvents();
  for (const auto& [widget, place] : places()) EXPECT_EQ(place, before[widget]) << widget->accessibleName().toStdString();
}

TEST_F(RecipePageTest, AnOpenedFileIsNamedWhereOneBegins) {
  ASSERT_TRUE(page_.open_job(source_folder() + QStringLiteral("/resources/jobs/story.json")).ok());
  auto* begin = page_.findChildren<QComboBox*>().first();
  for (QComboBox* combo : page_.findChildren<QComboBox*>()) {
    if (combo->accessibleName() == u"Preset") begin = combo;
  }
  EXPECT_EQ(begin->currentText(), QStringLiteral("The whole story"));
  const QString file = path_of(folder_ / "mine.json");
  rolora::testing::put_bytes(folder_ / "mine.json", small_job().dump());
  ASSERT_TRUE(page_.open_job(file).ok());
  EXPECT_EQ(begin->currentText(), QStringLiteral("The file mine.json"));
  page_.show_preset(QStringLiteral("ptq"));
  EXPECT_EQ(begin->currentText(), QStringLiteral("PTQ only (rotate + quantize)"));
  for (int i = 0; i < begin->count(); ++i) {
    if (begin->itemText(i).isEmpty()) continue;  // a line between them
    EXPECT_FALSE(begin->itemData(i, Qt::ToolTipRole).toString().isEmpty()) << i;
  }
}

TEST_F(RecipePageTest, TheModelAtHandIsFilledInAndOneThatIsGoneIsNotOffered) {
  page_.set_model(QString());
  page_.set_known_models({QStringLiteral("/gone/model"), bundled_model()});
  EXPECT_EQ(page_.document()->model(), bundled_model());
  for (const QComboBox* combo : page_.findChildren<QComboBox*>()) EXPECT_LT(combo->findText(QStringLiteral("/gone/model")), 0);
}

TEST_F(RecipePageTest, TheDeviceSaysWhetherThereIsCuda) {
  const auto told = [&] {
    for (const QLabel* label : page_.findChildren<QLabel*>()) {
      if (label->text().contains(QStringLiteral("vailable here"))) return true;
    }
    return false;
  };
  EXPECT_TRUE(wait_for(told));
}

TEST(DialogFolder, BeginsWhereOneWas) {
  EXPECT_EQ(dialog_folder(bundled_model()), source_folder() + QStringLiteral("/resources"));
  EXPECT_EQ(dialog_folder({}, {QStringLiteral("/gone/x/y"), bundled_model()}), source_folder() + QStringLiteral("/resources"));
  remember_dialog_folder(bundled_text(QStringLiteral("tuning")));
  EXPECT_EQ(dialog_folder({}, {bundled_model()}), source_folder() + QStringLiteral("/resources/texts"));
}

TEST_F(RecipePageTest, EveryTextIsReadableAfterThePaletteChanged) {
  page_.show_preset(QStringLiteral("tune"));
  choose(1);
  const QPalette before = QApplication::palette();
  for (const QPalette& palette : {dark_palette(), light_palette()}) {
    QApplication::setPalette(palette);
    QCoreApplication::processEvents();
    for (const QLabel* label : page_.findChildren<QLabel*>()) {
      EXPECT_GE(contrast(label->palette().color(QPalette::WindowText), palette.color(QPalette::Window)), 4.5)
          << label->text().toStdString();
    }
  }
  QApplication::setPalette(before);
}

TEST_F(RecipePageTest, EverythingThatTakesTheKeyboardHasAName) {
  for (const char* preset : {"story", "rotate", "tune", "quantize", "evaluate"}) {
    page_.show_preset(QString::fromLatin1(preset));
    for (int row : {0, 1}) {
      choose(row);
      for (QWidget* widget : page_.findChildren<QWidget*>()) {
        if (widget->focusPolicy() == Qt::NoFocus || !widget->isVisibleTo(&page_) || widget->objectName().startsWith(QStringLiteral("qt_")))
          continue;
        if (qobject_cast<QLineEdit*>(widget) != nullptr && qobject_cast<QComboBox*>(widget->parentWidget()) == nullptr) {
          EXPECT_FALSE(widget->toolTip().isEmpty()) << widget->accessibleName().toStdString();
        }
        QAccessibleInterface* spoken = QAccessible::queryAccessibleInterface(widget);
        ASSERT_NE(spoken, nullptr);
        EXPECT_FALSE(spoken->text(QAccessible::Name).isEmpty()) << widget->metaObject()->className() << " in " << preset;
      }
    }
  }
}

}  // namespace
}  // namespace rolora::widgets::test
