// SPDX-License-Identifier: GPL-3.0-or-later
// Where a run stands, from the lines of its events.jsonl and of its worker's log. Plain values, made on the watching thread.
#pragma once

#include <QByteArray>
#include <QMetaType>
#include <QString>
#include <QStringList>
#include <deque>
#include <limits>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

namespace rolora::widgets {

struct StationProgress {
  enum class State { waiting, running, done, done_before, failed };
  QString id, kind;
  State state = State::waiting;
  double began = 0, ended = 0;  ///< seconds since 1970; 0 = not yet
};

struct JobProgress {
  enum class Ending { none, done, failed, stopped };
  static constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();

  bool started = false;      ///< the run folder stands and the first station may begin
  bool started_now = false;  ///< by this attempt
  qint64 process = 0;
  QString job, job_file;
  std::vector<StationProgress> stations;
  int current = -1;  ///< index of the station at work or last at work
  QString stage;     ///< "finetune: step"
  qint64 step = 0, total = 0;
  double fraction = 0;            ///< of the whole run
  double rate = kUnknown;         ///< steps of the stage a second
  double station_eta = kUnknown;  ///< seconds
  double run_eta = kUnknown;      ///< seconds, the median of what the last reports promised
  bool eta_stable = false;        ///< otherwise it is shown with "~"
  double began = 0, updated = 0;  ///< of this attempt; of the last event
  std::map<QString, double> metrics;
  QString training;                               ///< the station that the losses are of
  std::vector<std::pair<double, double>> losses;  ///< (step, loss) of the last training, thinned to at most a thousand
  qint64 resumes_from = -1;  ///< of a training that was interrupted: the step of its newest checkpoint; 0 = none, −1 = not known
  Ending ending = Ending::none;
  QString message;  ///< of a failure: one line
  QStringList log;  ///< of this attempt, for people, the last lines
  const StationProgress* station() const {
    return current >= 0 && current < static_cast<int>(stations.size()) ? &stations[static_cast<size_t>(current)] : nullptr;
  }
};
using JobProgressPtr = std::shared_ptr<const JobProgress>;

/// The step of the newest complete checkpoint of a station; 0 where there is none. Reads the run folder.
qint64 newest_checkpoint(const QString& run, const QString& station);

/// Builds a JobProgress line by line.
class ProgressReader {
 public:
  /// A line of events.jsonl. `earlier`: written before this attempt began, so that its ending is not this attempt's.
  void event_line(const QByteArray& line, bool earlier);
  /// A line of the worker's own output: its events are in events.jsonl too, except those from before the folder stood.
  void log_line(const QByteArray& line);
  const JobProgress& progress() const { return now_; }

 private:
  void event(const nlohmann::json& e, bool earlier);
  void start(const nlohmann::json& e);
  void station(const nlohmann::json& e);
  void report(const nlohmann::json& e);
  void metric(const nlohmann::json& e);
  void promise(double time, double seconds);
  void pace(double time);
  void say(const QString& line);
  void say_of_worker(const QString& line);
  void drop_losses_after(qint64 step);

  JobProgress now_;
  std::deque<double> promised_ends_;                   // time + eta of the last reports
  std::deque<std::pair<double, qint64>> stage_steps_;  // of the current stage
  bool quiet_ = false;                                 // a line of an attempt before this one
  QStringList worker_lines_;                           // what its own output said: always of this attempt
  qint64 loss_stride_ = 1, losses_seen_ = 0;
};

}  // namespace rolora::widgets

Q_DECLARE_METATYPE(rolora::widgets::JobProgressPtr)
