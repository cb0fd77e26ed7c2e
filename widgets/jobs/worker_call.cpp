// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/jobs/worker_call.h"

#include <sys/prctl.h>

#include <QCoreApplication>
#include <QPointer>
#include <QTimer>
#include <csignal>

#include "widgets/jobs/worker_output.h"

namespace rolora::widgets {
namespace {

constexpr int kPatience = 2000;  // milliseconds between asking, terminating and killing

}  // namespace

struct WorkerCall::State {
  QProcess process;
  QPointer<QObject> receiver;
  Done done;
  QByteArray out;
  LineCutter err;
  QString error;
  QTimer patience;
  int asked = 0;  // how often the worker was told to stop

  void take_line(const QByteArray& line, WorkerCall& call) {
    if (const auto event = event_of_line(line)) {
      if ((*event)["event"] == "progress") {
        emit call.progressed(QString::fromStdString(event->value("stage", "")), event->value("step", qint64{0}),
                             event->value("total", qint64{0}));
      }
      if ((*event)["event"] == "failed") error = QString::fromStdString(event->value("message", ""));
      return;
    }
    const QString said = error_of_line(line);
    if (!said.isEmpty()) error = said;
  }

  Result<nlohmann::json> result(QProcess::ExitStatus status, int code) const {
    if (asked > 0) return {{}, tr("stopped")};
    if (status == QProcess::CrashExit || code != 0) return {{}, error.isEmpty() ? ending_in_words(status, code) : error};
    auto json = nlohmann::json::parse(out.begin(), out.end(), nullptr, false);
    if (!json.is_object()) return {{}, tr("the worker's answer is not one JSON object")};
    return {std::move(json), {}};
  }
};

WorkerCall* WorkerCall::start(const QStringList& arguments, QObject* receiver, Done done) {
  return new WorkerCall(arguments, receiver, std::move(done));
}

WorkerCall::WorkerCall(const QStringList& arguments, QObject* receiver, Done done)
    : QObject(QCoreApplication::instance()), state_(std::make_unique<State>()) {
  State& s = *state_;
  s.receiver = receiver;
  s.done = std::move(done);
  s.patience.setSingleShot(true);
  s.patience.setInterval(kPatience);
  connect(&s.patience, &QTimer::timeout, this, &WorkerCall::stop);
  connect(receiver, &QObject::destroyed, this, &WorkerCall::stop);
  connect(&s.process, &QProcess::readyReadStandardOutput, this, [this] { state_->out += state_->process.readAllStandardOutput(); });
  connect(&s.process, &QProcess::readyReadStandardError, this, [this] {
    for (const QByteArray& line : state_->err.take(state_->process.readAllStandardError())) state_->take_line(line, *this);
  });
  connect(&s.process, &QProcess::finished, this, [this](int code, QProcess::ExitStatus status) {
    state_->take_line(state_->err.rest(), *this);
    finish(state_->result(status, code));
  });
  connect(&s.process, &QProcess::errorOccurred, this, [this](QProcess::ProcessError error) {
    if (error == QProcess::FailedToStart) finish({{}, start_failure(state_->process)});
  });
  s.process.setProgram(worker_program());
  s.process.setArguments(arguments + QStringList{QStringLiteral("--json"), QStringLiteral("--progress"), QStringLiteral("json")});
  s.process.setStandardInputFile(QProcess::nullDevice());
  make_polite(s.process);
  s.process.setChildProcessModifier([] {
    ::prctl(PR_SET_PDEATHSIG, SIGTERM);  // a short question dies with who asked it
    lower_priority();
  });
  // From the event loop, so that nobody is called back before start() has returned, and a failed start is told like any other.
  QTimer::singleShot(0, this, [this] {
    if (state_->asked == 0)
      state_->process.start();
    else
      finish({{}, tr("stopped")});
  });
}

WorkerCall::~WorkerCall() {
  State& s = *state_;
  disconnect(&s.process, nullptr, this, nullptr);
  if (s.process.state() == QProcess::NotRunning) return;
  s.process.kill();
  s.process.waitForFinished(kPatience);
}

void WorkerCall::finish(const Result<nlohmann::json>& result) {
  State& s = *state_;
  s.patience.stop();
  const Done done = std::exchange(s.done, nullptr);
  deleteLater();
  if (done && s.receiver) done(result);
}

void WorkerCall::stop() {
  State& s = *state_;
  if (!s.done && s.asked == 0) return;
  ++s.asked;
  if (s.process.state() == QProcess::NotRunning) return;
  const auto process = static_cast<pid_t>(s.process.processId());
  if (process > 0) ::kill(process, s.asked == 1 ? SIGINT : s.asked == 2 ? SIGTERM : SIGKILL);
  s.patience.start();
}

}  // namespace rolora::widgets
