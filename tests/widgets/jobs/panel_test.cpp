// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/jobs/jobs_panel.h"

#include <QAbstractItemModelTester>
#include <QAccessible>
#include <QAction>
#include <QLabel>
#include <QListView>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QScrollBar>
#include <QSignalSpy>
#include <csignal>

#include "tests/widgets/jobs/job_fixture.h"
#include "tests/widgets/recipe/shots.h"
#include "widgets/base/theme.h"
#include "widgets/jobs/job_models.h"
#include "widgets/jobs/loss_line.h"
#include "widgets/jobs/worker_program.h"

namespace rolora::widgets::test {
namespace {

class JobsPanelTest : public ::testing::Test {
 protected:
  JobsPanelTest() {
    panel_.resize(1180, 330);
    panel_.show();
  }
  QAction* action(int i) const { return panel_.job_actions().at(i); }
  rolora::testing::TemporaryFolder folder_;
  JobQueue queue_{path_of(folder_ / "runs")};
  JobsPanel panel_{&queue_};
};

TEST_F(JobsPanelTest, SaysWhatToDoWhenThereIsNothing) {
  QSignalSpy asked(&panel_, &JobsPanel::new_job_asked);
  save_shot(panel_, "jobs-empty");
  bool found = false;
  for (QPushButton* button : panel_.findChildren<QPushButton*>()) {
    if (!button->isVisibleTo(&panel_)) continue;
    QTest::mouseClick(button, Qt::LeftButton);
    found = true;
  }
  EXPECT_TRUE(found);
  EXPECT_EQ(asked.count(), 1);
}

TEST_F(JobsPanelTest, ShowsARunAndItsEndAndOpensIt) {
  nlohmann::json job = small_job(6, 6);
  job["texts"]["calibration"] = {{"file", bundled_text(QStringLiteral("calibration")).toStdString()}};
  const nlohmann::json tuned = {{"id", "tuned"},    {"kind", "finetune"}, {"model", "base"}, {"data", "calibration"},
                                {"format", "text"}, {"block", 64},        {"steps", 12},     {"batch", 2}};
  job["stations"].insert(job["stations"].begin(), tuned);
  const QString id = queue_.add(request_of(QStringLiteral("rotate-and-evaluate"), job)).value;
  const QString waiting = queue_.add(request_of(QStringLiteral("waits"), small_job())).value;
  nlohmann::json wrong = small_job();
  wrong["stations"][0]["r1"] = "diagonal";
  const QString refused = queue_.add(request_of(QStringLiteral("wrong"), wrong)).value;
  panel_.show_job(id);
  ASSERT_TRUE(wait_for([&] { return queue_.progress(id) && queue_.progress(id)->current >= 3; }))
      << name_of(queue_.find(id)->state).toStdString() << " " << queue_.find(id)->message.toStdString();
  save_shot(panel_, "jobs-running");
  EXPECT_TRUE(action(2)->isEnabled()) << "stop and save";
  EXPECT_FALSE(action(7)->isEnabled()) << "what runs stays on the list";
  ASSERT_TRUE(wait_for_state(queue_, id, JobState::finished)) << queue_.find(id)->message.toStdString();
  ASSERT_TRUE(wait_for_state(queue_, waiting, JobState::finished));
  panel_.show_job(id);
  save_shot(panel_, "jobs-finished");
  QSignalSpy opened(&panel_, &JobsPanel::run_open_asked);
  action(0)->trigger();
  ASSERT_EQ(opened.count(), 1);
  EXPECT_EQ(opened.at(0).at(0).toString(), queue_.find(id)->folder);
  EXPECT_TRUE(panel_.findChild<QPlainTextEdit*>()->toPlainText().contains(QStringLiteral("finished")));
  panel_.show_job(refused);
  save_shot(panel_, "jobs-refused");
  panel_.show_job(waiting);
  action(7)->trigger();
  EXPECT_EQ(queue_.find(waiting), nullptr);
}

TEST_F(JobsPanelTest, AnInterruptedTrainingTellsWhereItGoesOnAndKeepsItsCourse) {
  const QString id = queue_.add(request_of(QStringLiteral("tune-and-break-off"), tuning_job(100))).value;
  panel_.show_job(id);
  ASSERT_TRUE(wait_for([&] { return queue_.progress(id) && queue_.progress(id)->step >= 15; }));
  ASSERT_TRUE(send_signal(queue_.find(id)->process, SIGKILL));
  ASSERT_TRUE(wait_for_state(queue_, id, JobState::interrupted));
  save_shot(panel_, "jobs-interrupted");
  EXPECT_EQ(action(1)->text(), QStringLiteral("Go on"));
  bool told = false;
  for (const QLabel* label : panel_.findChildren<QLabel*>()) {
    told = told || (label->isVisibleTo(&panel_) && label->text().contains(QStringLiteral("resumes from step")));
  }
  EXPECT_TRUE(told);
  EXPECT_TRUE(panel_.findChild<LossLine*>()->isVisibleTo(&panel_));
}

// No program, no work: the row says so in one line, and what was asked for can be tried again once it is found.
TEST_F(JobsPanelTest, AMissingWorkerCanBeChosenAndTheJobTriedAgain) {
  const QString real = worker_program();
  rolora::testing::put_bytes(folder_ / "rolora", "no program");
  const QString chosen = path_of(folder_ / "rolora");
  set_worker_program(chosen);
  const QString id = queue_.add(request_of(QStringLiteral("small"), small_job())).value;
  panel_.show_job(id);
  const bool told = wait_for([&] { return !queue_.find(id)->message.isEmpty(); });
  const QString said = queue_.find(id)->message;
  save_shot(panel_, "jobs-no-worker");
  QAction* choose = action(8);
  EXPECT_TRUE(choose->isEnabled());
  panel_.take_worker(real);
  EXPECT_FALSE(choose->isEnabled());
  ASSERT_TRUE(told);
  EXPECT_TRUE(said.startsWith(chosen + QStringLiteral(": expected the program rolora, found nothing that can be started")))
      << said.toStdString();
  EXPECT_FALSE(said.contains(QStringLiteral("execv")));
  EXPECT_EQ(action(1)->text(), QStringLiteral("Try again"));
  action(1)->trigger();
  ASSERT_TRUE(wait_for_state(queue_, id, JobState::finished)) << queue_.find(id)->message.toStdString();
  set_worker_program(QString());
}

// One that is gone must not stand before the one that the window came with.
TEST_F(JobsPanelTest, AChosenWorkerThatIsGoneIsReplacedAndThatIsSaid) {
  const QString usual = worker_program();
  EXPECT_EQ(worker_notice(), QString());
  set_worker_program(QStringLiteral("/no/such/rolora"));
  EXPECT_EQ(worker_program(), usual);
  const QString said = worker_notice();
  set_worker_program({});
  EXPECT_TRUE(said.contains(QStringLiteral("/no/such/rolora")) && said.contains(usual)) << said.toStdString();
}

// What the user stopped can go on: nothing is wrong with it. A failure is.
TEST_F(JobsPanelTest, StoppedAndSavedIsNoError) {
  const QString id = queue_.add(request_of(QStringLiteral("stopped"), small_job(30, 40))).value;
  panel_.show_job(id);
  panel_.resize(900, 400);
  panel_.show();
  ASSERT_TRUE(wait_for([&] { return queue_.progress(id) && queue_.progress(id)->current >= 1; }));
  std::map<QAbstractButton*, QRect> places;
  for (QAbstractButton* button : panel_.findChildren<QAbstractButton*>()) {
    if (button->isVisible()) places[button] = QRect(button->mapTo(&panel_, QPoint()), button->size());
  }
  EXPECT_GE(places.size(), 6U);
  queue_.stop_and_save(id);
  ASSERT_TRUE(wait_for_state(queue_, id, JobState::stopped));
  QCoreApplication::processEvents();
  for (const auto& [button, place] : places)
    EXPECT_EQ(QRect(button->mapTo(&panel_, QPoint()), button->size()), place) << button->accessibleName().toStdString() << " moved";
  const QColor error = theme_colours(panel_.palette()).error;
  bool told = false;
  for (const QLabel* label : panel_.findChildren<QLabel*>()) {
    if (label->text() != QStringLiteral("stopped and saved")) continue;
    told = true;
    EXPECT_NE(label->palette().color(QPalette::WindowText), error);
  }
  EXPECT_TRUE(told);
  save_shot(panel_, "jobs-stopped");
}

// It lay behind another panel while it was filled: its size comes later.
TEST_F(JobsPanelTest, TheLogOfAFinishedJobShowsItsEnd) {
  const QString id = queue_.add(request_of(QStringLiteral("many"), small_job(12, 1))).value;
  panel_.hide();
  panel_.show_job(id);
  ASSERT_TRUE(wait_for_state(queue_, id, JobState::finished)) << queue_.find(id)->message.toStdString();
  panel_.resize(900, 260);
  panel_.show();
  QCoreApplication::processEvents();
  const QScrollBar* down = panel_.findChild<QPlainTextEdit*>()->verticalScrollBar();
  ASSERT_GT(down->maximum(), 0) << "more lines than room";
  EXPECT_EQ(down->value(), down->maximum());
  const auto* stations = panel_.findChild<QListView*>(QStringLiteral("job_stations"));
  EXPECT_TRUE(stations->viewport()->rect().contains(stations->visualRect(stations->model()->index(12, 0)).center()));
}

TEST_F(JobsPanelTest, EverythingThatTakesTheKeyboardHasAName) {
  JobRequest request = request_of(QStringLiteral("named"), small_job());
  request.start = false;
  const QString id = queue_.add(request).value;
  ASSERT_TRUE(wait_for_state(queue_, id, JobState::validated));
  for (QWidget* widget : panel_.findChildren<QWidget*>()) {
    if (widget->focusPolicy() == Qt::NoFocus || !widget->isVisibleTo(&panel_) || widget->objectName().startsWith(QStringLiteral("qt_")))
      continue;
    QAccessibleInterface* spoken = QAccessible::queryAccessibleInterface(widget);
    ASSERT_NE(spoken, nullptr);
    EXPECT_FALSE(spoken->text(QAccessible::Name).isEmpty()) << widget->metaObject()->className();
  }
  const QModelIndex index = panel_.list()->model()->index(0, 0);
  EXPECT_TRUE(index.data(Qt::AccessibleTextRole).toString().contains(QStringLiteral("validated")));
}

TEST(LossLine, DrawsTheCourseOfTheLoss) {
  LossLine line;
  line.resize(400, 60);
  const QImage empty = line.grab().toImage();
  std::vector<std::pair<double, double>> losses;
  for (int i = 0; i < 50; ++i) losses.emplace_back(i + 1, 4.0 - i * 0.05);
  line.show_losses(losses);
  const QImage drawn = line.grab().toImage();
  int high = 0, low = 0;  // pixels of the line in the first and last third: it falls
  const QRgb ground = empty.pixel(200, 2);
  for (int y = 0; y < drawn.height() / 2; ++y) {
    for (int x = 60; x < 300; ++x) {
      if (drawn.pixel(x, y) != ground) (x < 180 ? high : low) += 1;
    }
  }
  EXPECT_GT(high, 50);
  EXPECT_GT(high, 3 * low);
  EXPECT_TRUE(line.accessibleDescription().contains(QStringLiteral("step 50"))) << line.accessibleDescription().toStdString();
}

TEST_F(JobsPanelTest, StationsAreAProperModel) {
  StationListModel model;
  QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::Warning);
  auto progress = std::make_shared<JobProgress>();
  model.show(progress, JobState::running);
  progress->stations.resize(3);
  model.show(std::make_shared<const JobProgress>(*progress), JobState::running);
  EXPECT_EQ(model.rowCount(), 3);
  progress->stations[1].state = StationProgress::State::running;
  model.show(std::make_shared<const JobProgress>(*progress), JobState::running);
  EXPECT_TRUE(model.index(1).data(StationListModel::CurrentRole).toBool());
  EXPECT_FALSE(model.index(1).data(StationListModel::BrokenOffRole).toBool());
  model.show(std::make_shared<const JobProgress>(*progress), JobState::stopped);
  EXPECT_TRUE(model.index(1).data(StationListModel::BrokenOffRole).toBool()) << "begun, and nobody works on it";
  model.show(std::make_shared<const JobProgress>(*progress), JobState::failed);
  EXPECT_EQ(model.index(1).data(StationListModel::StateRole).toInt(), static_cast<int>(StationProgress::State::failed));
  model.show(nullptr, JobState::draft);
  EXPECT_EQ(model.rowCount(), 0);
}

}  // namespace
}  // namespace rolora::widgets::test
