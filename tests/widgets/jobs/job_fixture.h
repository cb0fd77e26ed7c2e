// SPDX-License-Identifier: GPL-3.0-or-later
// The real command on the bundled model, with jobs of seconds.
#pragma once

#include <gtest/gtest.h>

#include <QDir>
#include <QDirIterator>
#include <QFile>
#include <QTest>
#include <map>
#include <nlohmann/json.hpp>
#include <string>

#include "tests/support/temporary_folder.h"
#include "widgets/jobs/job_queue.h"

namespace rolora::widgets::test {

inline QString source_folder() { return qEnvironmentVariable("ROLORA_SOURCE"); }
inline QString bundled_model() { return source_folder() + QStringLiteral("/resources/bundled"); }
inline QString bundled_text(const QString& name) { return source_folder() + QStringLiteral("/resources/texts/%1.txt").arg(name); }
inline QString path_of(const std::filesystem::path& path) { return QString::fromStdString(path.string()); }

/// One rotation and evaluations of it: `windows` decides how long it takes.
inline nlohmann::json small_job(int evaluations = 1, int windows = 2) {
  nlohmann::json job = {{"format", 1},
                        {"name", "small"},
                        {"model", {{"path", bundled_model().toStdString()}}},
                        {"texts", {{"evaluation", {{"file", bundled_text(QStringLiteral("evaluation")).toStdString()}}}}},
                        {"stations", nlohmann::json::array({{{"id", "rotated"}, {"kind", "rotate"}, {"model", "base"}}})}};
  for (int i = 0; i < evaluations; ++i) {
    job["stations"].push_back({{"id", "evaluation-" + std::to_string(i)},
                               {"kind", "evaluate"},
                               {"model", "rotated"},
                               {"text", "evaluation"},
                               {"windows", windows},
                               {"quantization", {{"weights", 4}, {"activations", 4 + i % 3}}}});
  }
  return job;
}

/// One training on the evaluation text, alone in its job.
inline nlohmann::json tuning_job(int steps) {
  nlohmann::json job = small_job();
  job["stations"] = nlohmann::json::array({{{"id", "tuned"},
                                            {"kind", "finetune"},
                                            {"model", "base"},
                                            {"data", "evaluation"},
                                            {"format", "text"},
                                            {"block", 32},
                                            {"steps", steps},
                                            {"batch", 1}}});
  return job;
}

inline JobRequest request_of(const QString& name, nlohmann::json job) {
  JobRequest request;
  request.name = name;
  request.job = std::move(job);
  request.threads = 1;
  return request;
}

inline bool wait_for(const std::function<bool()>& holds, int milliseconds = 60000) { return QTest::qWaitFor(holds, milliseconds); }
inline bool wait_for_state(JobQueue& queue, const QString& id, JobState state, int milliseconds = 60000) {
  return wait_for([&] { return queue.find(id) != nullptr && queue.find(id)->state == state; }, milliseconds);
}

/// Every file of a run but its log, by name.
inline std::map<std::string, std::string> run_bytes(const QString& folder) {
  std::map<std::string, std::string> bytes;
  QDirIterator files(folder, QDir::Files, QDirIterator::Subdirectories);
  while (files.hasNext()) {
    const QString file = files.next();
    const std::string name = QDir(folder).relativeFilePath(file).toStdString();
    if (name == "events.jsonl" || name == "lock") continue;
    bytes[name] = rolora::testing::get_bytes(file.toStdString());
  }
  return bytes;
}

}  // namespace rolora::widgets::test
