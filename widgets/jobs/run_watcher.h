// SPDX-License-Identifier: GPL-3.0-or-later
// Follows runs on a thread of its own: reads what their files grew by, at most ten times a second, and sees when their process is gone.
#pragma once

#include <QFileSystemWatcher>
#include <QObject>
#include <QString>
#include <QTimer>
#include <map>
#include <memory>
#include <vector>

#include "widgets/jobs/job_process.h"
#include "widgets/jobs/job_progress.h"
#include "widgets/jobs/worker_output.h"

namespace rolora::widgets {

/// One attempt at a run. Bytes before the offsets are of earlier attempts.
struct Attempt {
  QString folder, log;
  ProcessRef process;
  qint64 events_from = 0, log_from = 0;
};

/// A run folder that nobody told the queue about.
struct FoundRun {
  QString folder, name, job_file;
  ProcessRef process;  ///< valid when it is at work
};

/// Runs in `folder` that are at work or say so though their process is gone.
std::vector<FoundRun> unfinished_runs(const QString& folder);

/// Lives on the watching thread; its slots are called there.
class RunWatcher : public QObject {
  Q_OBJECT
 public:
  RunWatcher();

 public slots:
  void follow(const QString& id, const rolora::widgets::Attempt& attempt);
  void forget(const QString& id);
  void scan(const QString& folder);
  void write(const QString& file, const QByteArray& bytes);

 signals:
  void progressed(const QString& id, const rolora::widgets::JobProgressPtr& progress);
  /// The process is gone and everything that it wrote was read.
  void ended(const QString& id, const rolora::widgets::JobProgressPtr& progress);
  void scanned(const std::vector<rolora::widgets::FoundRun>& runs);
  void write_failed(const QString& line);

 private:
  struct Tail {
    QString file;
    qint64 position = 0;
    LineCutter lines;
  };
  struct Followed {
    Attempt attempt;
    Tail events, log;
    ProgressReader reader;
    bool told = false;  ///< at least once
  };
  void look();
  void touched();
  bool read(Followed& run);
  template <class Take>
  static bool grow(Tail& tail, const Take& take);
  void watch(const QString& file);

  std::map<QString, Followed> runs_;
  QFileSystemWatcher files_;
  QTimer soon_, regularly_;
};

}  // namespace rolora::widgets

Q_DECLARE_METATYPE(rolora::widgets::Attempt)
Q_DECLARE_METATYPE(std::vector<rolora::widgets::FoundRun>)
