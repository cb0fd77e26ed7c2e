// SPDX-License-Identifier: GPL-3.0-or-later
// The jobs of a folder of runs, one at a time on each device. Every run is a process of its own that outlives the window; the queue finds
// it again through its run folder.
#pragma once

#include <QLockFile>
#include <QObject>
#include <QString>
#include <QThread>
#include <QTimer>
#include <map>
#include <memory>
#include <set>
#include <vector>

#include "widgets/data/result.h"
#include "widgets/jobs/job_record.h"
#include "widgets/jobs/run_watcher.h"

namespace rolora::widgets {

struct JobRequest {
  QString name;
  nlohmann::json job;  ///< paths absolute; written beside the run folder. Null: `job_file` is used as it lies there
  QString job_file;
  QString folder;  ///< of the run; empty: one of that name in the queue's folder
  QString device = QStringLiteral("cpu");
  int threads = 0;    ///< 0: all cores
  bool start = true;  ///< as soon as it is checked and its turn has come
};

class JobQueue : public QObject {
  Q_OBJECT
 public:
  /// `folder` holds the runs, their job files and logs, and queue.json.
  explicit JobQueue(const QString& folder, QObject* parent = nullptr);
  /// Leaves what runs running.
  ~JobQueue() override;

  const QString& folder() const { return folder_; }
  /// What the user should know about the queue itself: it was damaged, another window has it. Empty when all is well.
  const QString& notice() const { return notice_; }
  int count() const { return static_cast<int>(records_.size()); }
  const JobRecord& at(int row) const { return records_[static_cast<size_t>(row)]; }
  int row_of(const QString& id) const;  ///< −1 when there is none
  const JobRecord* find(const QString& id) const;
  JobProgressPtr progress(const QString& id) const;  ///< nullptr before anything was read
  int active_count() const;
  /// A folder of this name that is not there yet ("story", "story-2", …).
  QString unused_folder(const QString& name) const;
  /// The id of the new job, which is a draft until the worker has checked it.
  Result<QString> add(const JobRequest& request);
  void scan();

 public slots:
  void start(const QString& id);          ///< a draft or a validated job
  void stop_and_save(const QString& id);  ///< finishes its step, saves, ends; resume goes on
  void cancel(const QString& id);         ///< asks, after two seconds terminates, then kills; keeps every file
  void resume(const QString& id);         ///< also tries a failed one again
  void remove(const QString& id);         ///< from the list; files stay
  void move(int from, int to);

 signals:
  void about_to_insert(int row);
  void inserted(int row);
  void about_to_remove(int row);
  void removed(int row);
  void about_to_move(int from, int to);
  void moved();
  void changed(int row);
  /// It came to an end: what to tell a user who looks elsewhere.
  void ended(const QString& id);
  void notice_changed(const QString& notice);

 private:
  void restore();
  std::vector<QString> read_saved();
  void connect_watcher();
  void insert(JobRecord record);
  JobRecord* record(const QString& id);
  void update(JobRecord& record, JobState state, const QString& message = {});
  void validate(const QString& id);
  void advance();
  void launch(JobRecord& record);
  void follow(const JobRecord& record);
  void on_ended(const QString& id, const JobProgressPtr& progress);
  void on_scanned(const std::vector<FoundRun>& runs);
  void escalate(const QString& id, int step);
  void save_soon();
  QByteArray saved_text() const;
  QString queue_file() const { return folder_ + QStringLiteral("/queue.json"); }
  void set_notice(const QString& notice);
  void take_over();

  QString folder_, notice_;
  std::unique_ptr<QLockFile> lock_;
  bool owner_ = false;
  std::vector<JobRecord> records_;
  std::set<QString> dismissed_;  // folders of unfinished runs that were taken off the list
  std::map<QString, JobProgressPtr> progress_;
  std::map<QString, QString> ended_how_;  // of a cancelled process: the strongest means so far
  QThread thread_;
  RunWatcher* watcher_ = nullptr;  // lives on thread_
  QTimer save_;
  QTimer take_over_;  // while another window works on the queue
};

}  // namespace rolora::widgets
