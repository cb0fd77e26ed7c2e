// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/jobs/job_record.h"

#include <QCoreApplication>
#include <QFileInfo>
#include <array>

namespace rolora::widgets {
namespace {

struct StateName {
  JobState state;
  const char* name;
};
constexpr std::array kNames = {
    StateName{JobState::draft, QT_TRANSLATE_NOOP("JobState", "draft")},
    StateName{JobState::validated, QT_TRANSLATE_NOOP("JobState", "validated")},
    StateName{JobState::queued, QT_TRANSLATE_NOOP("JobState", "queued")},
    StateName{JobState::running, QT_TRANSLATE_NOOP("JobState", "running")},
    StateName{JobState::stopping, QT_TRANSLATE_NOOP("JobState", "stopping")},
    StateName{JobState::finished, QT_TRANSLATE_NOOP("JobState", "finished")},
    StateName{JobState::failed, QT_TRANSLATE_NOOP("JobState", "failed")},
    StateName{JobState::stopped, QT_TRANSLATE_NOOP("JobState", "stopped")},
    StateName{JobState::cancelled, QT_TRANSLATE_NOOP("JobState", "cancelled")},
    StateName{JobState::interrupted, QT_TRANSLATE_NOOP("JobState", "interrupted")},
};

QString text(const nlohmann::json& json, const char* key) {
  const auto at = json.find(key);
  return at != json.end() && at->is_string() ? QString::fromStdString(at->get<std::string>()) : QString();
}
qint64 whole(const nlohmann::json& json, const char* key) {
  const auto at = json.find(key);
  return at != json.end() && at->is_number_integer() ? at->get<qint64>() : 0;
}
bool flag(const nlohmann::json& json, const char* key) {
  const auto at = json.find(key);
  return at != json.end() && at->is_boolean() && at->get<bool>();
}

}  // namespace

QString name_of(JobState state, bool translated) {
  for (const StateName& one : kNames) {
    if (one.state == state) return translated ? QCoreApplication::translate("JobState", one.name) : QString::fromLatin1(one.name);
  }
  return {};
}

std::optional<JobState> job_state_of(const QString& name) {
  for (const StateName& one : kNames) {
    if (name == QLatin1String(one.name)) return one.state;
  }
  return std::nullopt;
}

bool is_active(JobState state) { return state == JobState::running || state == JobState::stopping; }

bool is_over(JobState state) {
  return state == JobState::finished || state == JobState::failed || state == JobState::stopped || state == JobState::cancelled ||
         state == JobState::interrupted;
}

nlohmann::json record_json(const JobRecord& r) {
  nlohmann::json forecast = nlohmann::json::object();
  for (const auto& [station, seconds] : r.forecast) forecast[station.toStdString()] = seconds;
  return {{"id", r.id.toStdString()},
          {"name", r.name.toStdString()},
          {"job_file", r.job_file.toStdString()},
          {"folder", r.folder.toStdString()},
          {"log", r.log.toStdString()},
          {"device", r.device.toStdString()},
          {"threads", r.threads},
          {"state", name_of(r.state).toStdString()},
          {"starts_when_valid", r.starts_when_valid},
          {"cancelling", r.cancelling},
          {"process", r.process.number},
          {"process_start", r.process.start_ticks},
          {"events_from", r.events_from},
          {"log_from", r.log_from},
          {"forecast", std::move(forecast)},
          {"message", r.message.toStdString()}};
}

std::optional<JobRecord> record_of_json(const nlohmann::json& json) {
  if (!json.is_object()) return std::nullopt;
  JobRecord r;
  const auto state = job_state_of(text(json, "state"));
  r.id = text(json, "id");
  r.folder = text(json, "folder");
  if (!state || r.id.isEmpty() || r.folder.isEmpty()) return std::nullopt;
  r.state = *state;
  r.name = QFileInfo(r.folder).fileName();
  r.job_file = text(json, "job_file");
  r.log = text(json, "log");
  r.device = text(json, "device");
  r.threads = static_cast<int>(whole(json, "threads"));
  r.starts_when_valid = flag(json, "starts_when_valid");
  r.cancelling = flag(json, "cancelling");
  r.process = {whole(json, "process"), whole(json, "process_start")};
  r.events_from = whole(json, "events_from");
  r.log_from = whole(json, "log_from");
  r.message = text(json, "message");
  if (json.contains("forecast") && json["forecast"].is_object()) {
    for (const auto& [station, seconds] : json["forecast"].items()) {
      if (seconds.is_number()) r.forecast[QString::fromStdString(station)] = seconds.get<double>();
    }
  }
  return r;
}

}  // namespace rolora::widgets
