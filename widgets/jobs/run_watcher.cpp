// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/jobs/run_watcher.h"

#include <QDir>
#include <QFile>
#include <QFileInfo>

#include "core/storage/atomic_file.h"

namespace rolora::widgets {
namespace {

constexpr int kSoon = 100;              // milliseconds: at most ten looks a second
constexpr int kRegularly = 500;         // where the system tells of no change, and for the process
constexpr qint64 kMostBytes = 8 << 20;  // of one look at one file
constexpr qint64 kLongestStateFile = 4 << 20;

nlohmann::json json_of(const QString& file) {
  QFile in(file);
  if (!in.open(QIODevice::ReadOnly) || in.size() > kLongestStateFile) return nullptr;
  const QByteArray bytes = in.readAll();
  return nlohmann::json::parse(bytes.begin(), bytes.end(), nullptr, false);
}

// The last start event's job file, to go on with: the first line has it, and a resumed run is of the same job.
QString job_file_of(const QString& folder) {
  QFile in(folder + QStringLiteral("/events.jsonl"));
  if (!in.open(QIODevice::ReadOnly)) return {};
  ProgressReader reader;
  reader.event_line(in.readLine(1 << 20).trimmed(), false);
  const QString file = reader.progress().job_file;
  return QFileInfo(file).isAbsolute() && QFileInfo::exists(file) ? file : QString();
}

}  // namespace

std::vector<FoundRun> unfinished_runs(const QString& folder) {
  std::vector<FoundRun> found;
  for (const QFileInfo& entry : QDir(folder).entryInfoList(QDir::Dirs | QDir::NoDotAndDotDot)) {
    const QString run = entry.absoluteFilePath();
    const auto state = json_of(run + QStringLiteral("/run.json"));
    if (!state.is_object() || !state.contains("state") || state["state"] != "running") continue;
    found.push_back({run, entry.fileName(), job_file_of(run), process_of_run(run)});
  }
  return found;
}

RunWatcher::RunWatcher() : files_(this), soon_(this), regularly_(this) {
  soon_.setSingleShot(true);
  soon_.setInterval(kSoon);
  regularly_.setInterval(kRegularly);
  connect(&soon_, &QTimer::timeout, this, &RunWatcher::look);
  connect(&regularly_, &QTimer::timeout, this, &RunWatcher::look);
  connect(&files_, &QFileSystemWatcher::fileChanged, this, &RunWatcher::touched);
}

void RunWatcher::follow(const QString& id, const Attempt& attempt) {
  Followed run;
  run.attempt = attempt;
  run.events.file = attempt.folder + QStringLiteral("/events.jsonl");
  run.log.file = attempt.log;
  run.log.position = attempt.log_from;
  runs_[id] = std::move(run);
  regularly_.start();
  look();
}

void RunWatcher::forget(const QString& id) {
  const auto at = runs_.find(id);
  if (at == runs_.end()) return;
  for (const QString& file : {at->second.events.file, at->second.log.file}) {
    if (files_.files().contains(file)) files_.removePath(file);
  }
  runs_.erase(at);
  if (runs_.empty()) regularly_.stop();
}

void RunWatcher::scan(const QString& folder) { emit scanned(unfinished_runs(folder)); }

void RunWatcher::write(const QString& file, const QByteArray& bytes) {
  try {
    write_file_atomically(QFile::encodeName(file).toStdString(), {bytes.constData(), static_cast<size_t>(bytes.size())});
  } catch (const std::exception& e) {
    emit write_failed(QString::fromUtf8(e.what()));
  }
}

void RunWatcher::touched() {
  if (!soon_.isActive()) soon_.start();
}

void RunWatcher::watch(const QString& file) {
  if (!file.isEmpty() && !files_.files().contains(file) && QFileInfo::exists(file)) files_.addPath(file);
}

template <class Take>
bool RunWatcher::grow(Tail& tail, const Take& take) {
  QFile in(tail.file);
  if (tail.file.isEmpty() || !in.open(QIODevice::ReadOnly)) return false;
  if (in.size() < tail.position) {  // written anew
    tail.position = 0;
    tail.lines.clear();
  }
  if (in.size() == tail.position || !in.seek(tail.position)) return false;
  const QByteArray bytes = in.read(kMostBytes);
  const qint64 begins = tail.position - tail.lines.rest().size();
  tail.position += bytes.size();
  qint64 at = begins;
  for (const QByteArray& line : tail.lines.take(bytes)) {
    take(line, at);
    at += line.size() + 1;
  }
  return true;
}

bool RunWatcher::read(Followed& run) {
  bool grown = false;
  const qint64 from = run.attempt.events_from;
  // The log first: what it says of the time before the run folder must not come after the folder's own start.
  while (grow(run.log, [&](const QByteArray& line, qint64) { run.reader.log_line(line); })) grown = true;
  while (grow(run.events, [&](const QByteArray& line, qint64 at) { run.reader.event_line(line, at < from); })) grown = true;
  return grown;
}

void RunWatcher::look() {
  std::vector<QString> gone;
  for (auto& [id, run] : runs_) {
    const bool alive = is_alive(run.attempt.process);  // before reading: what a process wrote before it went is read in the end
    watch(run.events.file);
    watch(run.log.file);
    const bool grown = read(run);
    const auto now = std::make_shared<JobProgress>(run.reader.progress());
    if (const StationProgress* at = now->station(); !alive && at != nullptr && at->kind == u"finetune") {
      now->resumes_from = newest_checkpoint(run.attempt.folder, at->id);
    }
    if (alive && (grown || !run.told)) emit progressed(id, now);
    run.told = true;
    if (alive) continue;
    gone.push_back(id);
    emit ended(id, now);
  }
  for (const QString& id : gone) forget(id);
}

}  // namespace rolora::widgets
