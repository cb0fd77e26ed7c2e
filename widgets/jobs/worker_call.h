// SPDX-License-Identifier: GPL-3.0-or-later
// One short question to the engine: `rolora VERB … --json` in a process of its own, so that whatever happens there never takes the window.
#pragma once

#include <QObject>
#include <QProcess>
#include <QString>
#include <QStringList>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>

#include "widgets/data/result.h"
#include "widgets/jobs/worker_program.h"

namespace rolora::widgets {

class WorkerCall : public QObject {
  Q_OBJECT
 public:
  using Done = std::function<void(const Result<nlohmann::json>&)>;
  /// Starts at once. `arguments` without --json; they are added with `--progress json`. `done` runs once on the GUI thread, never after
  /// `receiver` is gone; then the call deletes itself. The error is the worker's one line.
  static WorkerCall* start(const QStringList& arguments, QObject* receiver, Done done);
  ~WorkerCall() override;
  /// Asks the worker to stop; after two seconds terminates, then kills it. `done` gets the error "stopped".
  void stop();

 signals:
  void progressed(const QString& stage, qint64 done, qint64 total);

 private:
  WorkerCall(const QStringList& arguments, QObject* receiver, Done done);
  void finish(const Result<nlohmann::json>& result);
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace rolora::widgets
