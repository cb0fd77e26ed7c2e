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
#include <QSignalSpy>

#include "tests/widgets/jobs/job_fixture.h"
#include "tests/widgets/recipe/shots.h"
#include "widgets/jobs/job_queue.h"

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
  EXPECT_TRUE(QApplication::clipboard()->text().startsWith(QStringLiteral("rolora rotate")))
      << QApplication::clipboard()->text().toStdString();
  const QString file = path_of(folder_ / "saved.json");
  ASSERT_TRUE(page_.save_job(file).ok());
  RecipeDocument again;
  ASSERT_TRUE(again.load(file).ok());
  EXPECT_EQ(again.job(), page_.document()->job());
  EXPECT_FALSE(page_.save_job(QStringLiteral("/no/such/folder/saved.json")).ok());
  EXPECT_FALSE(page_.open_job(QStringLiteral("/no/such/job.json")).ok());
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
