// SPDX-License-Identifier: GPL-3.0-or-later
// A job as the queue keeps it: what to run, where, and how far it came.
#pragma once

#include <QMetaType>
#include <QString>
#include <nlohmann/json.hpp>
#include <optional>

#include "widgets/jobs/job_process.h"
#include "widgets/jobs/job_time.h"

namespace rolora::widgets {

enum class JobState { draft, validated, queued, running, stopping, finished, failed, stopped, cancelled, interrupted };

/// "running"; in the interface's language with translated = true.
QString name_of(JobState state, bool translated = false);
std::optional<JobState> job_state_of(const QString& name);
/// A process works on it.
bool is_active(JobState state);
/// It ended or was ended; it can be gone on with unless it is finished.
bool is_over(JobState state);

struct JobRecord {
  QString id;    ///< of the queue
  QString name;  ///< its folder's: two runs of one job are told apart by it
  QString job_file, folder, log;
  QString device = QStringLiteral("cpu");
  int threads = 0;  ///< 0: all cores
  JobState state = JobState::draft;
  bool starts_when_valid = false;  ///< a draft that goes to the queue by itself
  bool cancelling = false;         ///< stopping, and not to be gone on with
  ProcessRef process;
  qint64 events_from = 0, log_from = 0;  ///< where the files stood when the attempt began
  StationSeconds forecast;               ///< as the check of the job estimated it
  QString message;                       ///< why it failed, or how it was ended; one line
};

nlohmann::json record_json(const JobRecord& record);
/// Nothing where it is not a record.
std::optional<JobRecord> record_of_json(const nlohmann::json& json);

}  // namespace rolora::widgets
