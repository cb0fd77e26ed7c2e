// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/jobs/job_queue.h"

#include <QAbstractItemModelTester>
#include <QSignalSpy>
#include <csignal>

#include <sys/resource.h>

#include "tests/widgets/jobs/job_fixture.h"
#include "widgets/jobs/job_models.h"
#include "widgets/jobs/worker_program.h"

namespace rolora::widgets::test {
namespace {

// Nothing of a test goes on after it.
class JobQueueTest : public ::testing::Test {
 protected:
  QString runs() const { return path_of(folder_ / "runs"); }
  ~JobQueueTest() override {
    for (const ProcessRef& process : processes_) send_signal(process, SIGKILL);
  }
  void remember(const JobQueue& queue, const QString& id) { processes_.push_back(queue.find(id)->process); }
  // Until the run folder stands and something of it is done.
  static bool wait_for_a_station(JobQueue& queue, const QString& id) {
    return wait_for([&] {
      const JobProgressPtr now = queue.progress(id);
      return now && now->current >= 1;
    });
  }
  rolora::testing::TemporaryFolder folder_;
  std::vector<ProcessRef> processes_;
};

TEST_F(JobQueueTest, RunsAJobToItsEnd) {
  JobQueue queue(runs());
  JobListModel model(&queue);
  QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::Warning);
  QSignalSpy ended(&queue, &JobQueue::ended);
  const auto id = queue.add(request_of(QStringLiteral("small"), small_job()));
  ASSERT_TRUE(id.ok()) << id.error.toStdString();
  EXPECT_EQ(queue.find(id.value)->state, JobState::draft);
  ASSERT_TRUE(wait_for([&] { return is_over(queue.find(id.value)->state); }));
  EXPECT_EQ(queue.find(id.value)->state, JobState::finished) << queue.find(id.value)->message.toStdString();
  EXPECT_EQ(ended.count(), 1);
  const JobProgressPtr now = queue.progress(id.value);
  ASSERT_EQ(now->stations.size(), 2U);
  EXPECT_EQ(now->stations[1].state, StationProgress::State::done);
  EXPECT_EQ(now->fraction, 1);
  EXPECT_FALSE(now->log.isEmpty());
  EXPECT_TRUE(QFile::exists(queue.find(id.value)->folder + QStringLiteral("/report.html")));
  EXPECT_TRUE(QFile::exists(queue.find(id.value)->log));
  EXPECT_EQ(model.index(0).data(JobListModel::FractionRole).toDouble(), 1.0);
}

TEST_F(JobQueueTest, AJobThatCannotRunStaysADraftWithTheWorkersLine) {
  JobQueue queue(runs());
  nlohmann::json job = small_job();
  job["stations"][1]["windows"] = -3;
  const auto id = queue.add(request_of(QStringLiteral("wrong"), job));
  ASSERT_TRUE(wait_for([&] { return !queue.find(id.value)->message.isEmpty(); }));
  EXPECT_EQ(queue.find(id.value)->state, JobState::draft);
  EXPECT_TRUE(queue.find(id.value)->message.contains(QStringLiteral("stations[1].windows"))) << queue.find(id.value)->message.toStdString();
  EXPECT_FALSE(QFile::exists(queue.find(id.value)->folder)) << "checking touches nothing";
}

TEST_F(JobQueueTest, OneAtATime) {
  JobQueue queue(runs());
  const auto first = queue.add(request_of(QStringLiteral("first"), small_job(2, 4)));
  const auto second = queue.add(request_of(QStringLiteral("second"), small_job()));
  int most = 0;
  ASSERT_TRUE(wait_for([&] {
    most = std::max(most, queue.active_count());
    EXPECT_FALSE(is_active(queue.find(second.value)->state) && !is_over(queue.find(first.value)->state)) << "in the order of the list";
    return is_over(queue.find(first.value)->state) && is_over(queue.find(second.value)->state);
  }));
  EXPECT_EQ(most, 1);
  EXPECT_EQ(queue.find(first.value)->state, JobState::finished);
  EXPECT_EQ(queue.find(second.value)->state, JobState::finished);
}

TEST_F(JobQueueTest, StopAndSaveThenGoOn) {
  JobQueue queue(runs());
  const auto id = queue.add(request_of(QStringLiteral("long"), small_job(30, 40)));
  ASSERT_TRUE(wait_for_a_station(queue, id.value));
  queue.stop_and_save(id.value);
  EXPECT_EQ(queue.find(id.value)->state, JobState::stopping);
  ASSERT_TRUE(wait_for_state(queue, id.value, JobState::stopped)) << queue.find(id.value)->message.toStdString();
  EXPECT_FALSE(is_alive(queue.find(id.value)->process));
  queue.resume(id.value);
  ASSERT_TRUE(wait_for_state(queue, id.value, JobState::running));
  remember(queue, id.value);
  ASSERT_TRUE(wait_for([&] { return queue.progress(id.value)->stations[0].state == StationProgress::State::done_before; }))
      << "what was finished is not done again";
  queue.cancel(id.value);
  ASSERT_TRUE(wait_for_state(queue, id.value, JobState::cancelled));
  EXPECT_FALSE(queue.find(id.value)->message.isEmpty()) << "says which means ended it";
  EXPECT_TRUE(QFile::exists(queue.find(id.value)->folder + QStringLiteral("/job.json"))) << "cancel keeps the data";
}

TEST_F(JobQueueTest, AKilledWorkerIsInterruptedAndEndsInTheSameBytes) {
  JobQueue queue(runs());
  const nlohmann::json job = small_job(6, 12);
  const auto whole = queue.add(request_of(QStringLiteral("whole"), job));
  ASSERT_TRUE(wait_for_state(queue, whole.value, JobState::finished)) << queue.find(whole.value)->message.toStdString();
  const auto killed = queue.add(request_of(QStringLiteral("killed"), job));
  ASSERT_TRUE(wait_for_a_station(queue, killed.value));
  ASSERT_TRUE(send_signal(queue.find(killed.value)->process, SIGKILL));
  ASSERT_TRUE(wait_for_state(queue, killed.value, JobState::interrupted));
  queue.resume(killed.value);
  ASSERT_TRUE(wait_for_state(queue, killed.value, JobState::finished)) << queue.find(killed.value)->message.toStdString();
  const auto a = run_bytes(queue.find(whole.value)->folder), b = run_bytes(queue.find(killed.value)->folder);
  EXPECT_GT(a.size(), 10U);
  EXPECT_TRUE(a == b);
}

// Nobody asked for checkpoints: a kill costs a tenth of the training all the same.
TEST_F(JobQueueTest, AKilledTrainingSaysFromWhichStepItResumes) {
  JobQueue queue(runs());
  const QString id = queue.add(request_of(QStringLiteral("tuned"), tuning_job(200))).value;
  ASSERT_TRUE(wait_for([&] { return queue.progress(id) && queue.progress(id)->step >= 25; })) << queue.find(id)->message.toStdString();
  ASSERT_TRUE(send_signal(queue.find(id)->process, SIGKILL));
  ASSERT_TRUE(wait_for_state(queue, id, JobState::interrupted));
  const qint64 from = newest_checkpoint(queue.find(id)->folder, QStringLiteral("tuned"));
  ASSERT_GE(from, 20);
  EXPECT_EQ(from % 20, 0);
  const QString said = queue.find(id)->message;
  EXPECT_TRUE(said.contains(QStringLiteral("resumes from step %1").arg(from))) << said.toStdString();
  queue.resume(id);
  ASSERT_TRUE(wait_for([&] { return queue.progress(id)->started_now && queue.progress(id)->step > from; }));
  EXPECT_GT(queue.progress(id)->losses.front().first, 0);
  EXPECT_EQ(queue.progress(id)->losses.front().first, 1) << "the course before the checkpoint stays";
  queue.cancel(id);
  ASSERT_TRUE(wait_for_state(queue, id, JobState::cancelled));
}

// The window must answer while a job computes with every core.
TEST_F(JobQueueTest, AWorkerStandsBackBehindTheWindow) {
  JobQueue queue(runs());
  const QString id = queue.add(request_of(QStringLiteral("long"), small_job(30, 40))).value;
  ASSERT_TRUE(wait_for_a_station(queue, id));
  remember(queue, id);
  const auto number = static_cast<id_t>(queue.find(id)->process.number);
  EXPECT_EQ(::getpriority(PRIO_PROCESS, number), ::getpriority(PRIO_PROCESS, 0) + 5);
  QFile environment(QStringLiteral("/proc/%1/environ").arg(number));
  ASSERT_TRUE(environment.open(QIODevice::ReadOnly));
  EXPECT_TRUE(environment.readAll().split('\0').contains("OMP_WAIT_POLICY=passive"));
  queue.cancel(id);
  ASSERT_TRUE(wait_for_state(queue, id, JobState::cancelled));
}

TEST_F(JobQueueTest, ANewWindowFindsTheRunAgain) {
  QString id;
  ProcessRef process;
  {
    JobQueue queue(runs());
    id = queue.add(request_of(QStringLiteral("long"), small_job(30, 40))).value;
    ASSERT_TRUE(wait_for_a_station(queue, id));
    remember(queue, id);
    process = queue.find(id)->process;
  }
  ASSERT_TRUE(is_alive(process)) << "the worker does not go with the window";
  JobQueue queue(runs());
  ASSERT_NE(queue.find(id), nullptr);
  EXPECT_EQ(queue.find(id)->state, JobState::running);
  ASSERT_TRUE(wait_for([&] { return queue.progress(id) && queue.progress(id)->current >= 1; }));
  EXPECT_EQ(queue.progress(id)->process, process.number);
  queue.stop_and_save(id);
  ASSERT_TRUE(wait_for_state(queue, id, JobState::stopped));
}

TEST_F(JobQueueTest, ARunWhoseListWasLostIsFoundByItsFolder) {
  QString folder;
  {
    JobQueue queue(runs());
    const QString id = queue.add(request_of(QStringLiteral("long"), small_job(30, 40))).value;
    ASSERT_TRUE(wait_for_a_station(queue, id));
    remember(queue, id);
    folder = queue.find(id)->folder;
  }
  rolora::testing::put_bytes(folder_ / "runs/queue.json", "{\"format\": 1, \"jobs\": [");  // what a dying disk leaves
  JobQueue queue(runs());
  EXPECT_FALSE(queue.notice().isEmpty()) << "a damaged list is told";
  ASSERT_TRUE(wait_for([&] { return queue.count() == 1; }));
  EXPECT_EQ(queue.at(0).folder, folder);
  ASSERT_TRUE(wait_for([&] { return queue.progress(queue.at(0).id) != nullptr; }));
  EXPECT_EQ(queue.at(0).state, JobState::running);
  const QString id = queue.at(0).id;
  ASSERT_TRUE(send_signal(processes_.front(), SIGKILL));
  ASSERT_TRUE(wait_for_state(queue, id, JobState::interrupted));
  queue.resume(id);
  ASSERT_TRUE(wait_for_state(queue, id, JobState::running)) << "the job file is known from the log";
  remember(queue, id);
  queue.stop_and_save(id);
  ASSERT_TRUE(wait_for_state(queue, id, JobState::stopped));
}

TEST_F(JobQueueTest, AKilledRunIsFoundInterrupted) {
  QString id;
  {
    JobQueue queue(runs());
    id = queue.add(request_of(QStringLiteral("long"), small_job(30, 40))).value;
    ASSERT_TRUE(wait_for_a_station(queue, id));
    remember(queue, id);
  }
  ASSERT_TRUE(send_signal(processes_.front(), SIGKILL));
  ASSERT_TRUE(wait_for([&] { return !is_alive(processes_.front()); }));
  JobQueue queue(runs());
  ASSERT_TRUE(wait_for_state(queue, id, JobState::interrupted));
  queue.remove(id);
  EXPECT_EQ(queue.count(), 0);
  queue.scan();
  QTest::qWait(300);
  EXPECT_EQ(queue.count(), 0) << "what was taken off the list does not come back";
}

TEST_F(JobQueueTest, ASecondWindowOnlyLooks) {
  JobQueue first(runs());
  JobQueue second(runs());
  EXPECT_TRUE(first.notice().isEmpty());
  EXPECT_FALSE(second.notice().isEmpty());
}

TEST_F(JobQueueTest, TheSecondWindowTakesOverWhenTheFirstIsGone) {
  auto first = std::make_unique<JobQueue>(runs());
  JobQueue second(runs());
  const QString id = second.add(request_of(QStringLiteral("waits"), small_job())).value;
  EXPECT_FALSE(second.notice().isEmpty());
  first.reset();
  ASSERT_TRUE(wait_for_state(second, id, JobState::finished)) << "queued here, started when the queue became this window's";
  EXPECT_TRUE(second.notice().isEmpty());
}

// The drafts of this window are under way already: only what the other one left is checked anew.
TEST_F(JobQueueTest, TakingOverChecksOwnDraftsOnce) {
  const QString calls = path_of(folder_ / "calls"), program = path_of(folder_ / "counting");
  rolora::testing::put_bytes(folder_ / "counting", "#!/bin/sh\necho $2 >> " + calls.toStdString() + "\nsleep 5\n");
  ASSERT_TRUE(QFile::setPermissions(program, QFile::ReadOwner | QFile::WriteOwner | QFile::ExeOwner));
  auto first = std::make_unique<JobQueue>(runs());
  JobQueue second(runs());
  set_worker_program(program);
  const QString id = second.add(request_of(QStringLiteral("waits"), small_job())).value;
  const auto asked = [&] {
    QFile in(calls);
    return in.open(QIODevice::ReadOnly) ? in.readAll().count('\n') : 0;
  };
  ASSERT_TRUE(wait_for([&] { return asked() == 1; }));
  first.reset();
  ASSERT_TRUE(wait_for([&] { return second.notice().isEmpty(); }));
  QTest::qWait(300);
  set_worker_program({});
  EXPECT_EQ(asked(), 1);
  EXPECT_EQ(second.find(id)->state, JobState::draft);
}

// Two runs of one job are told apart by their folders' names, also after a restart.
TEST_F(JobQueueTest, RunsAreCalledAsTheirFolders) {
  JobRequest request = request_of(QStringLiteral("ptq"), small_job());
  request.start = false;
  {
    JobQueue queue(runs());
    EXPECT_EQ(queue.find(queue.add(request).value)->name, QStringLiteral("ptq"));
    EXPECT_EQ(queue.find(queue.add(request).value)->name, QStringLiteral("ptq-2"));
  }
  JobQueue again(runs());
  ASSERT_EQ(again.count(), 2);
  EXPECT_EQ(again.at(1).name, QStringLiteral("ptq-2"));
}

TEST_F(JobQueueTest, TheChecksForecastIsKept) {
  JobRequest request = request_of(QStringLiteral("small"), small_job());
  request.start = false;
  {
    JobQueue queue(runs());
    const QString id = queue.add(request).value;
    ASSERT_TRUE(wait_for_state(queue, id, JobState::validated));
    ASSERT_EQ(queue.find(id)->forecast.size(), 2U);
    EXPECT_GT(queue.find(id)->forecast.at(QStringLiteral("rotated")), 0);
  }
  JobQueue again(runs());
  ASSERT_EQ(again.count(), 1);
  EXPECT_EQ(again.at(0).forecast.size(), 2U);
}

TEST_F(JobQueueTest, TheOrderCanBeChangedAndIsKept) {
  QStringList ids;
  {
    JobQueue queue(runs());
    JobListModel model(&queue);
    QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::Warning);
    for (const char* name : {"a", "b", "c"}) {
      JobRequest request = request_of(QString::fromLatin1(name), small_job());
      request.start = false;
      ids << queue.add(request).value;
    }
    ASSERT_TRUE(wait_for_state(queue, ids[2], JobState::validated));
    queue.move(2, 0);
    queue.move(0, 1);
    EXPECT_EQ(queue.at(1).id, ids[2]);
    EXPECT_EQ(queue.at(0).id, ids[0]);
  }
  JobQueue queue(runs());
  ASSERT_EQ(queue.count(), 3);
  EXPECT_EQ(queue.at(1).id, ids[2]);
}

}  // namespace
}  // namespace rolora::widgets::test
