// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/jobs/worker_call.h"

#include <QPointer>
#include <QSignalSpy>
#include <csignal>

#include "tests/widgets/jobs/job_fixture.h"
#include "widgets/jobs/worker_output.h"

namespace rolora::widgets::test {
namespace {

struct Answer {
  int calls = 0;
  Result<nlohmann::json> result;
  WorkerCall::Done taker() {
    return [this](const Result<nlohmann::json>& given) {
      ++calls;
      result = given;
    };
  }
};

// A worker that does what a test needs and the real one would not.
class Script {
 public:
  explicit Script(const std::string& body) : before_(qEnvironmentVariable("ROLORA_BIN")) {
    rolora::testing::put_bytes(folder_ / "worker", "#!/bin/sh\n" + body);
    QFile::setPermissions(path_of(folder_ / "worker"), QFile::ReadOwner | QFile::WriteOwner | QFile::ExeOwner);
    qputenv("ROLORA_BIN", path_of(folder_ / "worker").toUtf8());
  }
  ~Script() { qputenv("ROLORA_BIN", before_.toUtf8()); }

 private:
  rolora::testing::TemporaryFolder folder_;
  QString before_;
};

TEST(WorkerCall, AnswersWithTheWorkersJson) {
  QObject receiver;
  Answer answer;
  WorkerCall::start({QStringLiteral("info"), bundled_model()}, &receiver, answer.taker());
  ASSERT_TRUE(wait_for([&] { return answer.calls > 0; }));
  ASSERT_TRUE(answer.result.ok()) << answer.result.error.toStdString();
  EXPECT_EQ(answer.result.value["layers"], 4);
  QTest::qWait(50);
  EXPECT_EQ(answer.calls, 1);
}

TEST(WorkerCall, TellsProgress) {
  QObject receiver;
  Answer answer;
  int reports = 0;
  qint64 last = 0, total = 0;
  const rolora::testing::TemporaryFolder folder;
  const QStringList arguments = {
      QStringLiteral("statistics"), bundled_model(),     QStringLiteral("--text-file"), bundled_text(QStringLiteral("calibration")),
      QStringLiteral("--windows"),  QStringLiteral("2"), QStringLiteral("--out"),       path_of(folder / "s.h5")};
  WorkerCall* call = WorkerCall::start(arguments, &receiver, answer.taker());
  QObject::connect(call, &WorkerCall::progressed, &receiver, [&](const QString& stage, qint64 done, qint64 of) {
    EXPECT_FALSE(stage.isEmpty());
    ++reports;
    last = done;
    total = of;
  });
  ASSERT_TRUE(wait_for([&] { return answer.calls > 0; }));
  ASSERT_TRUE(answer.result.ok()) << answer.result.error.toStdString();
  EXPECT_GT(reports, 0);
  EXPECT_GT(total, 0);
  EXPECT_EQ(last, total);
}

TEST(WorkerCall, TheErrorIsTheWorkersOneLine) {
  QObject receiver;
  Answer answer;
  WorkerCall::start({QStringLiteral("info"), QStringLiteral("/no/such/folder")}, &receiver, answer.taker());
  ASSERT_TRUE(wait_for([&] { return answer.calls > 0; }));
  EXPECT_FALSE(answer.result.ok());
  EXPECT_TRUE(answer.result.error.contains(QStringLiteral("/no/such/folder"))) << answer.result.error.toStdString();
  EXPECT_FALSE(answer.result.error.contains(QLatin1Char('\n')));
  EXPECT_FALSE(answer.result.error.startsWith(QStringLiteral("error:")));
}

TEST(WorkerCall, ACrashGivesOneClearLine) {
  const Script script("kill -SEGV $$\n");
  QObject receiver;
  Answer answer;
  WorkerCall::start({QStringLiteral("info")}, &receiver, answer.taker());
  ASSERT_TRUE(wait_for([&] { return answer.calls > 0; }));
  EXPECT_TRUE(answer.result.error.contains(QStringLiteral("signal 11"))) << answer.result.error.toStdString();
}

TEST(WorkerCall, AWorkerThatIsNotThereIsToldByName) {
  const QString before = qEnvironmentVariable("ROLORA_BIN");
  qputenv("ROLORA_BIN", "/no/such/worker");
  QObject receiver;
  Answer answer;
  WorkerCall::start({QStringLiteral("info")}, &receiver, answer.taker());
  EXPECT_EQ(answer.calls, 0) << "never before start() has returned";
  ASSERT_TRUE(wait_for([&] { return answer.calls > 0; }));
  qputenv("ROLORA_BIN", before.toUtf8());
  EXPECT_TRUE(answer.result.error.contains(QStringLiteral("/no/such/worker"))) << answer.result.error.toStdString();
}

TEST(WorkerCall, WhatIsNoJsonIsRefused) {
  const Script script("echo hello\n");
  QObject receiver;
  Answer answer;
  WorkerCall::start({QStringLiteral("info")}, &receiver, answer.taker());
  ASSERT_TRUE(wait_for([&] { return answer.calls > 0; }));
  EXPECT_FALSE(answer.result.ok());
}

TEST(WorkerCall, StopTerminatesWhatDoesNotListen) {
  const Script script("trap '' INT TERM\nwhile true; do sleep 0.1; done\n");
  QObject receiver;
  Answer answer;
  WorkerCall* call = WorkerCall::start({QStringLiteral("info")}, &receiver, answer.taker());
  QTest::qWait(300);
  QElapsedTimer clock;
  clock.start();
  call->stop();
  ASSERT_TRUE(wait_for([&] { return answer.calls > 0; }, 20000));
  EXPECT_EQ(answer.result.error, QStringLiteral("stopped"));
  EXPECT_GE(clock.elapsed(), 3500) << "two seconds to stop, two to terminate";
}

TEST(WorkerCall, NobodyIsCalledAfterTheReceiverIsGone) {
  Answer answer;
  QPointer<WorkerCall> call;
  {
    QObject receiver;
    call = WorkerCall::start({QStringLiteral("info"), bundled_model()}, &receiver, answer.taker());
    QTest::qWait(20);
  }
  ASSERT_TRUE(wait_for([&] { return call.isNull(); })) << "the call goes away by itself";
  EXPECT_EQ(answer.calls, 0);
}

TEST(LineCutter, PutsPiecesTogether) {
  LineCutter cutter;
  EXPECT_TRUE(cutter.take("ab").empty());
  const auto lines = cutter.take("c\n\nde\nf");
  ASSERT_EQ(lines.size(), 3U);
  EXPECT_EQ(lines[0], "abc");
  EXPECT_EQ(lines[1], "");
  EXPECT_EQ(lines[2], "de");
  EXPECT_EQ(cutter.rest(), "f");
}

}  // namespace
}  // namespace rolora::widgets::test
