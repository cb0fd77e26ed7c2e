// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/jobs/job_progress.h"

#include <QCoreApplication>
#include <QDir>
#include <QFileInfo>
#include <algorithm>
#include <cmath>

#include "widgets/base/format.h"
#include "widgets/jobs/job_text.h"
#include "widgets/jobs/worker_output.h"

namespace rolora::widgets {
namespace {

using Json = nlohmann::json;
constexpr qsizetype kLogLines = 400;
constexpr size_t kPromises = 15;       // the estimate shown is their median
constexpr size_t kEnoughPromises = 8;  // fewer do not make it stable
constexpr size_t kPaceReports = 20, kMostPaceReports = 400;
constexpr double kPaceSeconds = 20;  // of at least so many reports or seconds, so that it does not jump from step to step
constexpr size_t kLosses = 1000;

QString tr(const char* text) { return QCoreApplication::translate("JobProgress", text); }

// Foreign or torn lines may lack any of these.
QString text(const Json& e, const char* key) {
  const auto at = e.find(key);
  return at != e.end() && at->is_string() ? QString::fromStdString(at->get<std::string>()) : QString();
}
double real(const Json& e, const char* key) {
  const auto at = e.find(key);
  return at != e.end() && at->is_number() ? at->get<double>() : JobProgress::kUnknown;
}
qint64 whole(const Json& e, const char* key) {
  const auto at = e.find(key);
  return at != e.end() && at->is_number_integer() ? at->get<qint64>() : 0;
}

}  // namespace

qint64 newest_checkpoint(const QString& run, const QString& station) {
  qint64 newest = 0;
  for (const char* output : {"adapter", "model"}) {
    const QDir folder(QStringLiteral("%1/stations/%2/%3.checkpoints").arg(run, station, QLatin1String(output)));
    for (const QString& name : folder.entryList({QStringLiteral("step-*")}, QDir::Dirs | QDir::NoDotAndDotDot)) {
      const bool whole_one =
          QFileInfo::exists(folder.filePath(name + "/state.json")) && QFileInfo::exists(folder.filePath(name + "/state.safetensors"));
      if (whole_one) newest = std::max(newest, name.mid(5).toLongLong());
    }
  }
  return newest;
}

void ProgressReader::event_line(const QByteArray& line, bool earlier) {
  quiet_ = earlier;
  if (const auto e = event_of_line(line)) event(*e, earlier);
  quiet_ = false;
}

void ProgressReader::log_line(const QByteArray& line) {
  if (const auto e = event_of_line(line)) {
    const QString name = text(*e, "event");
    if (name == u"notice" && !now_.started_now) say_of_worker(text(*e, "line"));
    if (name == u"failed" && !now_.started_now) event(*e, false);
    if (name == u"stopped" && !now_.started_now) event(*e, false);
    return;
  }
  const QString said = QString::fromUtf8(line).trimmed();
  if (said.contains(QStringLiteral("error while loading shared libraries")) && now_.message.isEmpty()) now_.message = said;
  if (said.isEmpty() || said.startsWith(u'{')) return;  // an event that was cut short says nothing
  const QString error = error_of_line(line);
  if (error.isEmpty()) {
    say_of_worker(said);
  } else if (now_.message.isEmpty()) {
    now_.message = error;
    say_of_worker(error);
  }
}

void ProgressReader::event(const Json& e, bool earlier) {
  const QString name = text(e, "event");
  const double time = real(e, "time");
  if (std::isfinite(time)) now_.updated = time;
  if (name == u"start") {
    start(e);
    now_.started_now = !earlier;
  } else if (name == u"station") {
    station(e);
  } else if (name == u"progress") {
    report(e);
  } else if (name == u"metric") {
    metric(e);
  } else if (name == u"notice") {
    say(text(e, "line"));
  } else if (name == u"done") {
    now_.ending = earlier ? now_.ending : JobProgress::Ending::done;
    now_.fraction = 1;
    now_.run_eta = 0;
    say(tr("finished"));
  } else if (name == u"failed") {
    if (!earlier) {
      now_.ending = JobProgress::Ending::failed;
      now_.message = text(e, "message");
      if (now_.station() != nullptr && now_.station()->state == StationProgress::State::running)
        now_.stations[static_cast<size_t>(now_.current)].state = StationProgress::State::failed;
    }
    const QString message = text(e, "message");
    if (now_.log.isEmpty() || now_.log.last() != message) say(tr("failed: %1").arg(message));
  } else if (name == u"stopped") {
    now_.ending = earlier ? now_.ending : JobProgress::Ending::stopped;
    say(tr("stopped and saved"));
  }
}

void ProgressReader::start(const Json& e) {
  const bool resumed = e.contains("resumed") && e["resumed"] == true;
  JobProgress before = std::move(now_);
  now_ = {};
  now_.log = worker_lines_;  // how an attempt before this one ended is no news of this one
  if (resumed) {             // as far as the training goes on from them
    now_.training = before.training;
    now_.losses = std::move(before.losses);
  }
  promised_ends_.clear();
  stage_steps_.clear();
  now_.started = true;
  now_.process = whole(e, "process");
  now_.job = text(e, "job");
  now_.job_file = text(e, "job_file");
  now_.began = now_.updated = real(e, "time");
  if (e.contains("stations") && e["stations"].is_array()) {
    for (const Json& s : e["stations"]) {
      StationProgress one;
      one.id = text(s, "id");
      one.kind = text(s, "kind");
      now_.stations.push_back(one);
    }
  }
  say(resumed ? tr("going on, process %1").arg(now_.process) : tr("started, process %1").arg(now_.process));
}

void ProgressReader::station(const Json& e) {
  const auto index = static_cast<size_t>(whole(e, "index"));
  if (index >= now_.stations.size()) return;
  StationProgress& one = now_.stations[index];
  const QString state = text(e, "state");
  now_.current = static_cast<int>(index);
  stage_steps_.clear();
  if (state == u"started") {
    one.state = StationProgress::State::running;
    one.began = real(e, "time");
    now_.stage.clear();
    now_.step = now_.total = 0;
    now_.rate = now_.station_eta = JobProgress::kUnknown;
    now_.metrics.clear();
    say(tr("[%1/%2] %3: %4").arg(index + 1).arg(now_.stations.size()).arg(kind_title(one.kind), one.id));
  } else if (state == u"done") {
    one.state = StationProgress::State::done;
    one.ended = real(e, "time");
    if (one.began > 0)
      say(tr("[%1/%2] %3: done in %4").arg(index + 1).arg(now_.stations.size()).arg(one.id, duration(one.ended - one.began)));
  } else if (state == u"skipped") {
    one.state = StationProgress::State::done_before;
  }
}

void ProgressReader::report(const Json& e) {
  const QString stage = text(e, "stage");
  const qint64 step = whole(e, "step");
  if (stage != now_.stage || step < now_.step) stage_steps_.clear();
  now_.stage = stage;
  now_.step = step;
  now_.total = whole(e, "total");
  if (stage == u"finetune: step") drop_losses_after(step);
  now_.station_eta = real(e, "eta_seconds");
  const double fraction = real(e, "run_fraction");
  if (std::isfinite(fraction)) now_.fraction = std::clamp(fraction, 0.0, 1.0);
  promise(real(e, "time"), real(e, "run_eta_seconds"));
  pace(real(e, "time"));
  if (!e.contains("metrics") || !e["metrics"].is_object()) return;
  for (const auto& [name, value] : e["metrics"].items()) {
    if (value.is_number()) now_.metrics[QString::fromStdString(name)] = value.get<double>();
  }
}

// A promise of 20 s at 12:00:00 and one of 19 s at 12:00:01 are the same promise: ends are compared, not remainders.
void ProgressReader::promise(double time, double seconds) {
  if (!std::isfinite(time) || !std::isfinite(seconds)) return;
  promised_ends_.push_back(time + seconds);
  if (promised_ends_.size() > kPromises) promised_ends_.pop_front();
  std::vector<double> ends(promised_ends_.begin(), promised_ends_.end());
  std::sort(ends.begin(), ends.end());
  now_.run_eta = std::max(0.0, ends[ends.size() / 2] - time);
  const double spread = ends[ends.size() * 3 / 4] - ends[ends.size() / 4];
  now_.eta_stable = ends.size() >= kEnoughPromises && spread <= std::max(2.0, 0.1 * now_.run_eta);
}

void ProgressReader::pace(double time) {
  if (!std::isfinite(time)) return;
  stage_steps_.emplace_back(time, now_.step);
  while (stage_steps_.size() > kPaceReports && time - stage_steps_[1].first > kPaceSeconds) stage_steps_.pop_front();
  if (stage_steps_.size() > kMostPaceReports) stage_steps_.pop_front();
  const auto& [first_time, first_step] = stage_steps_.front();
  const double seconds = time - first_time;
  now_.rate = seconds >= 0.3 && now_.step > first_step ? static_cast<double>(now_.step - first_step) / seconds : JobProgress::kUnknown;
}

void ProgressReader::metric(const Json& e) {
  const QString name = text(e, "name");
  const double value = real(e, "value");
  if (!std::isfinite(value)) return;
  now_.metrics[name] = value;
  if (name != u"loss") return;
  if (now_.station() != nullptr) now_.training = now_.station()->id;
  const auto step = static_cast<double>(whole(e, "step"));
  drop_losses_after(static_cast<qint64>(step) - 1);
  if (losses_seen_++ % loss_stride_ == 0) now_.losses.emplace_back(step, value);
  if (now_.losses.size() <= kLosses) return;
  std::vector<std::pair<double, double>> thinned;
  for (size_t i = 0; i < now_.losses.size(); i += 2) thinned.push_back(now_.losses[i]);
  now_.losses = std::move(thinned);
  loss_stride_ *= 2;
}

// Of another training, or of an attempt that went back to its checkpoint.
void ProgressReader::drop_losses_after(qint64 step) {
  while (!now_.losses.empty() && now_.losses.back().first > static_cast<double>(step)) now_.losses.pop_back();
}

void ProgressReader::say_of_worker(const QString& line) {
  if (line.isEmpty()) return;
  worker_lines_.append(line);
  if (worker_lines_.size() > kLogLines) worker_lines_.removeFirst();
  say(line);
}

void ProgressReader::say(const QString& line) {
  if (line.isEmpty() || quiet_) return;
  now_.log.append(line);
  if (now_.log.size() > kLogLines) now_.log.removeFirst();
}

}  // namespace rolora::widgets
