// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/jobs/job_queue.h"

#include <signal.h>

#include <QDir>
#include <QFile>
#include <QFileInfo>
#include <QUuid>
#include <algorithm>

#include "core/storage/atomic_file.h"
#include "widgets/jobs/job_text.h"
#include "widgets/jobs/worker_call.h"

namespace rolora::widgets {
namespace {

constexpr int kQueueFormat = 1;
constexpr int kPatience = 2000;  // milliseconds between asking, terminating and killing

qint64 size_of(const QString& file) { return QFileInfo(file).size(); }

QString write_text(const QString& file, const std::string& text) {
  try {
    write_file_atomically(QFile::encodeName(file).toStdString(), text);
  } catch (const std::exception& e) {
    return QString::fromUtf8(e.what());
  }
  return {};
}

QString whole_path(const QString& path) { return QDir::cleanPath(QFileInfo(path).absoluteFilePath()); }

}  // namespace

JobQueue::JobQueue(const QString& folder, QObject* parent) : QObject(parent), folder_(whole_path(folder)), thread_(this), save_(this) {
  QDir().mkpath(folder_);
  lock_ = std::make_unique<QLockFile>(folder_ + QStringLiteral("/queue.lock"));
  lock_->setStaleLockTime(0);  // held as long as its process lives
  owner_ = lock_->tryLock(0);
  if (!owner_) set_notice(tr("Another window works on this queue: jobs are shown here, and started there."));
  take_over_.setInterval(2000);
  connect(&take_over_, &QTimer::timeout, this, &JobQueue::take_over);
  if (!owner_) take_over_.start();
  save_.setSingleShot(true);
  save_.setInterval(0);
  connect(&save_, &QTimer::timeout, this, [this] {
    if (!owner_) return;
    QMetaObject::invokeMethod(watcher_, [watcher = watcher_, file = queue_file(), text = saved_text()] { watcher->write(file, text); });
  });
  connect_watcher();
  restore();
  scan();
}

JobQueue::~JobQueue() {
  thread_.quit();
  thread_.wait();
  if (owner_) write_text(queue_file(), saved_text().toStdString());
}

void JobQueue::connect_watcher() {
  watcher_ = new RunWatcher;
  watcher_->moveToThread(&thread_);
  connect(&thread_, &QThread::finished, watcher_, &QObject::deleteLater);
  connect(watcher_, &RunWatcher::progressed, this, [this](const QString& id, const JobProgressPtr& now) {
    const int row = row_of(id);
    if (row < 0) return;
    progress_[id] = now;
    emit changed(row);
  });
  connect(watcher_, &RunWatcher::ended, this, &JobQueue::on_ended);
  connect(watcher_, &RunWatcher::scanned, this, &JobQueue::on_scanned);
  connect(watcher_, &RunWatcher::write_failed, this,
          [this](const QString& line) { set_notice(tr("The queue cannot be saved: %1").arg(line)); });
  thread_.setObjectName(QStringLiteral("runs"));
  thread_.start();
}

void JobQueue::set_notice(const QString& notice) {
  notice_ = notice;
  emit notice_changed(notice);
}

void JobQueue::restore() {
  for (const QString& id : read_saved()) {
    const JobRecord* job = find(id);
    if (job->state == JobState::draft && job->starts_when_valid) validate(id);
  }
  QTimer::singleShot(0, this, &JobQueue::advance);
}

/// The saved list goes below what is here; the ids of what came.
std::vector<QString> JobQueue::read_saved() {
  std::vector<QString> came;
  QFile in(queue_file());
  if (!in.open(QIODevice::ReadOnly)) return came;
  const QByteArray bytes = in.readAll();
  const auto json = nlohmann::json::parse(bytes.begin(), bytes.end(), nullptr, false);
  const bool whole =
      json.is_object() && json.contains("format") && json["format"] == kQueueFormat && json.contains("jobs") && json["jobs"].is_array();
  if (!whole) {
    const QString aside = folder_ + QStringLiteral("/queue.damaged.json");
    QFile::remove(aside);
    if (owner_) QFile::rename(queue_file(), aside);
    set_notice(tr("The list of jobs was damaged and was put aside as %1; runs at work were found again.").arg(aside));
    return came;
  }
  if (json.contains("dismissed") && json["dismissed"].is_array()) {
    for (const auto& folder : json["dismissed"]) {
      if (folder.is_string()) dismissed_.insert(QString::fromStdString(folder.get<std::string>()));
    }
  }
  for (const auto& one : json["jobs"]) {
    const auto record = record_of_json(one);
    if (!record || find(record->id) != nullptr) continue;
    insert(*record);
    came.push_back(record->id);
    if (is_active(record->state) || (is_over(record->state) && QFileInfo::exists(record->folder))) follow(*record);
  }
  return came;
}

/// The other window is gone: its list and what was added here become one, and what waits is started here.
void JobQueue::take_over() {
  if (!lock_->tryLock(0)) return;
  take_over_.stop();
  owner_ = true;
  set_notice({});
  restore();
  save_soon();
}

void JobQueue::scan() {
  QMetaObject::invokeMethod(watcher_, [watcher = watcher_, folder = folder_] { watcher->scan(folder); });
}

void JobQueue::on_scanned(const std::vector<FoundRun>& runs) {
  for (const FoundRun& run : runs) {
    const auto same = [&](const JobRecord& r) { return whole_path(r.folder) == whole_path(run.folder); };
    if (std::any_of(records_.begin(), records_.end(), same)) continue;
    if (dismissed_.contains(run.folder) && !run.process.valid()) continue;
    JobRecord record;
    record.id = QUuid::createUuid().toString(QUuid::WithoutBraces);
    record.name = run.name;
    record.folder = run.folder;
    record.job_file = run.job_file;
    record.log = run.folder + QStringLiteral(".log");
    record.process = run.process;
    record.state = JobState::running;  // until the watcher has seen that nobody is there
    insert(record);
    follow(record);
  }
}

int JobQueue::row_of(const QString& id) const {
  for (size_t i = 0; i < records_.size(); ++i) {
    if (records_[i].id == id) return static_cast<int>(i);
  }
  return -1;
}

const JobRecord* JobQueue::find(const QString& id) const {
  const int row = row_of(id);
  return row < 0 ? nullptr : &at(row);
}

JobRecord* JobQueue::record(const QString& id) {
  const int row = row_of(id);
  return row < 0 ? nullptr : &records_[static_cast<size_t>(row)];
}

JobProgressPtr JobQueue::progress(const QString& id) const {
  const auto at = progress_.find(id);
  return at == progress_.end() ? nullptr : at->second;
}

int JobQueue::active_count() const {
  return static_cast<int>(std::count_if(records_.begin(), records_.end(), [](const JobRecord& r) { return is_active(r.state); }));
}

QString JobQueue::unused_folder(const QString& name) const {
  const QString base = folder_ + QLatin1Char('/') + name;
  const auto taken = [&](const QString& path) {
    const auto same = [&](const JobRecord& r) { return r.folder == path; };
    return QFileInfo::exists(path) || QFileInfo::exists(path + QStringLiteral(".job.json")) ||
           std::any_of(records_.begin(), records_.end(), same);
  };
  QString path = base;
  for (int i = 2; taken(path); ++i) path = base + QStringLiteral("-%1").arg(i);
  return path;
}

void JobQueue::insert(JobRecord record) {
  emit about_to_insert(count());
  records_.push_back(std::move(record));
  emit inserted(count() - 1);
  save_soon();
}

Result<QString> JobQueue::add(const JobRequest& request) {
  JobRecord record;
  record.id = QUuid::createUuid().toString(QUuid::WithoutBraces);
  record.folder = request.folder.isEmpty() ? unused_folder(request.name) : whole_path(request.folder);
  record.name = QFileInfo(record.folder).fileName();
  record.log = record.folder + QStringLiteral(".log");
  record.job_file = request.job_file.isEmpty() ? record.folder + QStringLiteral(".job.json") : whole_path(request.job_file);
  record.device = request.device;
  record.threads = request.threads;
  record.starts_when_valid = request.start;
  QDir().mkpath(QFileInfo(record.folder).path());
  if (!request.job.is_null()) {
    const QString problem = write_text(record.job_file, request.job.dump(2) + "\n");
    if (!problem.isEmpty()) return {{}, problem};
  }
  const QString id = record.id;
  insert(std::move(record));
  validate(id);
  return {id, {}};
}

// The worker itself checks the job: nothing here knows what a job may say.
void JobQueue::validate(const QString& id) {
  const JobRecord* job = find(id);
  QStringList arguments = {QStringLiteral("run"),   job->job_file, QStringLiteral("--dry-run"), QStringLiteral("--resume"),
                           QStringLiteral("--out"), job->folder,   QStringLiteral("--device"),  job->device};
  if (job->threads > 0) arguments << QStringLiteral("--threads") << QString::number(job->threads);
  WorkerCall::start(arguments, this, [this, id](const Result<nlohmann::json>& checked) {
    JobRecord* draft = record(id);
    if (draft == nullptr || draft->state != JobState::draft) return;
    if (!checked.ok()) {
      const QString file = draft->job_file + QStringLiteral(": ");
      draft->starts_when_valid = false;
      update(*draft, JobState::draft, checked.error.startsWith(file) ? checked.error.mid(file.size()) : checked.error);
      return advance();  // others may have waited for it
    }
    draft->forecast = station_seconds(checked.value);
    update(*draft, draft->starts_when_valid ? JobState::queued : JobState::validated);
    advance();
  });
}

void JobQueue::update(JobRecord& record, JobState state, const QString& message) {
  record.state = state;
  record.message = message;
  if (state != JobState::draft) record.starts_when_valid = false;
  save_soon();
  emit changed(row_of(record.id));
}

void JobQueue::start(const QString& id) {
  JobRecord* job = record(id);
  if (job == nullptr) return;
  if (job->state == JobState::draft) {
    job->starts_when_valid = true;
    validate(id);
  } else if (job->state == JobState::validated) {
    update(*job, JobState::queued);
    advance();
  }
}

void JobQueue::resume(const QString& id) {
  JobRecord* job = record(id);
  if (job == nullptr || !is_over(job->state) || job->state == JobState::finished) return;
  if (job->job_file.isEmpty()) {
    return update(*job, job->state,
                  tr("its job file is not known here: go on with it by rolora run JOB --out %1 --resume").arg(job->folder));
  }
  update(*job, JobState::queued);
  advance();
}

void JobQueue::advance() {
  if (!owner_) return;
  for (JobRecord& job : records_) {
    if (job.state != JobState::queued) continue;
    const auto busy = [&](const JobRecord& other) {
      const bool comes_first = other.state == JobState::draft && other.starts_when_valid && &other < &job;  // it is only being checked
      return other.device == job.device && (is_active(other.state) || comes_first);
    };
    if (std::none_of(records_.begin(), records_.end(), busy)) launch(job);
  }
}

void JobQueue::launch(JobRecord& job) {
  DetachedJob detached;
  detached.program = worker_program();
  detached.log = job.log;
  detached.arguments = {
      QStringLiteral("run"),        job.job_file,           QStringLiteral("--out"),    job.folder, QStringLiteral("--resume"),
      QStringLiteral("--progress"), QStringLiteral("json"), QStringLiteral("--device"), job.device};
  if (job.threads > 0) detached.arguments << QStringLiteral("--threads") << QString::number(job.threads);
  job.events_from = size_of(job.folder + QStringLiteral("/events.jsonl"));
  job.log_from = size_of(job.log);
  job.cancelling = false;
  ended_how_.erase(job.id);
  const Result<ProcessRef> started = start_detached(detached);
  if (!started.ok()) return update(job, JobState::failed, started.error);
  job.process = started.value;
  update(job, JobState::running);
  follow(job);
}

void JobQueue::follow(const JobRecord& record) {
  const Attempt attempt{record.folder, record.log, record.process, record.events_from, record.log_from};
  QMetaObject::invokeMethod(watcher_, [watcher = watcher_, id = record.id, attempt] { watcher->follow(id, attempt); });
}

void JobQueue::stop_and_save(const QString& id) {
  JobRecord* job = record(id);
  if (job == nullptr) return;
  if (job->state == JobState::queued) return update(*job, JobState::validated);
  if (job->state != JobState::running) return;
  update(*job, JobState::stopping, tr("finishing its step and saving"));
  send_signal(job->process, SIGINT);
}

void JobQueue::cancel(const QString& id) {
  JobRecord* job = record(id);
  if (job == nullptr || is_over(job->state) || job->cancelling) return;
  if (!is_active(job->state)) return update(*job, JobState::cancelled, tr("cancelled before it ran"));
  job->cancelling = true;
  update(*job, JobState::stopping, tr("asked to stop"));
  escalate(id, 0);
}

void JobQueue::escalate(const QString& id, int step) {
  static constexpr int kSignals[] = {SIGINT, SIGTERM, SIGKILL};
  const JobRecord* job = find(id);
  if (step > 2 || job == nullptr || !is_active(job->state) || !job->cancelling) return;
  if (!send_signal(job->process, kSignals[step])) return;
  const QString seconds = QString::number(step * kPatience / 1000);
  ended_how_[id] = step == 0   ? tr("stopped when it was asked; what was finished is saved")
                   : step == 1 ? tr("terminated %1 s after it was asked to stop").arg(seconds)
                               : tr("killed %1 s after it was asked to stop; finished stations are whole").arg(seconds);
  QTimer::singleShot(kPatience, this, [this, id, step, process = job->process.number] {
    const JobRecord* now = find(id);
    if (now != nullptr && now->process.number == process) escalate(id, step + 1);
  });
}

void JobQueue::on_ended(const QString& id, const JobProgressPtr& now) {
  JobRecord* job = record(id);
  if (job == nullptr) return;
  progress_[id] = now;
  if (!is_active(job->state)) return emit changed(row_of(id));  // looked at for its details alone
  const auto how = ended_how_.find(id);
  if (now->ending == JobProgress::Ending::done) {
    update(*job, JobState::finished);
  } else if (job->cancelling) {
    update(*job, JobState::cancelled, how == ended_how_.end() ? tr("cancelled") : how->second);
  } else if (now->ending == JobProgress::Ending::stopped) {
    update(*job, JobState::stopped, tr("stopped and saved"));
  } else if (job->state == JobState::stopping && !now->started_now) {
    update(*job, JobState::stopped, tr("stopped before it began"));
  } else if (now->ending == JobProgress::Ending::failed || !now->message.isEmpty()) {
    update(*job, JobState::failed, now->message);
  } else {
    const QString why = tr("The worker is gone without a word: killed, out of memory, or the machine went down.");
    update(*job, JobState::interrupted, interruption_text(now) + QStringLiteral(". ") + why);
  }
  emit ended(id);
  advance();
}

void JobQueue::remove(const QString& id) {
  const int row = row_of(id);
  if (row < 0 || is_active(at(row).state)) return;
  QMetaObject::invokeMethod(watcher_, [watcher = watcher_, id] { watcher->forget(id); });
  if (at(row).state != JobState::finished) dismissed_.insert(at(row).folder);
  emit about_to_remove(row);
  records_.erase(records_.begin() + row);
  progress_.erase(id);
  emit removed(row);
  save_soon();
}

void JobQueue::move(int from, int to) {
  if (from == to || from < 0 || to < 0 || from >= count() || to >= count()) return;
  emit about_to_move(from, to);
  JobRecord job = std::move(records_[static_cast<size_t>(from)]);
  records_.erase(records_.begin() + from);
  records_.insert(records_.begin() + to, std::move(job));
  emit moved();
  save_soon();
}

void JobQueue::save_soon() { save_.start(); }

QByteArray JobQueue::saved_text() const {
  nlohmann::json jobs = nlohmann::json::array();
  for (const JobRecord& record : records_) jobs.push_back(record_json(record));
  nlohmann::json dismissed = nlohmann::json::array();
  for (const QString& folder : dismissed_) dismissed.push_back(folder.toStdString());
  const std::string text =
      nlohmann::json{{"format", kQueueFormat}, {"jobs", std::move(jobs)}, {"dismissed", std::move(dismissed)}}.dump(2) + "\n";
  return QByteArray::fromStdString(text);
}

}  // namespace rolora::widgets
