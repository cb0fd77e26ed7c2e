// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/jobs/job_models.h"

#include "widgets/base/format.h"
#include "widgets/jobs/job_text.h"

namespace rolora::widgets {

JobListModel::JobListModel(JobQueue* queue, QObject* parent) : QAbstractListModel(parent), queue_(queue) {
  connect(queue, &JobQueue::about_to_insert, this, [this](int row) { beginInsertRows({}, row, row); });
  connect(queue, &JobQueue::inserted, this, &JobListModel::endInsertRows);
  connect(queue, &JobQueue::about_to_remove, this, [this](int row) { beginRemoveRows({}, row, row); });
  connect(queue, &JobQueue::removed, this, &JobListModel::endRemoveRows);
  connect(queue, &JobQueue::about_to_move, this, [this](int from, int to) { beginMoveRows({}, from, from, {}, to > from ? to + 1 : to); });
  connect(queue, &JobQueue::moved, this, &JobListModel::endMoveRows);
  connect(queue, &JobQueue::changed, this, [this](int row) { emit dataChanged(index(row), index(row)); });
}

int JobListModel::rowCount(const QModelIndex& parent) const { return parent.isValid() ? 0 : queue_->count(); }

QVariant JobListModel::data(const QModelIndex& index, int role) const {
  if (!checkIndex(index, CheckIndexOption::IndexIsValid | CheckIndexOption::ParentIsInvalid)) return {};
  const JobRecord& job = queue_->at(index.row());
  const JobProgressPtr now = queue_->progress(job.id);
  switch (role) {
    case Qt::DisplayRole:
      return job.name;
    case Qt::AccessibleTextRole:
      return spoken_text(job, now);
    case Qt::ToolTipRole:
      return tr("%1\nrun folder: %2\njob file: %3\nlog: %4").arg(spoken_text(job, now), job.folder, job.job_file, job.log);
    case IdRole:
      return job.id;
    case StateRole:
      return static_cast<int>(job.state);
    case StateTextRole:
      return rolora::widgets::state_text(job);
    case WhereRole:
      return where_text(job, now);
    case TimeRole:
      return time_text(job, now);
    case FractionRole:
      return fraction_of(job, now);
    default:
      return {};
  }
}

void StationListModel::show(const JobProgressPtr& progress, JobState state) {
  std::vector<StationProgress> now;
  if (progress) now = progress->stations;
  for (StationProgress& station : now) {  // a worker that died could not say so itself
    if (state == JobState::failed && station.state == StationProgress::State::running) station.state = StationProgress::State::failed;
  }
  job_ = state;
  const auto same = [](const StationProgress& a, const StationProgress& b) { return a.id == b.id && a.kind == b.kind; };
  if (now.size() != stations_.size() || !std::equal(now.begin(), now.end(), stations_.begin(), same)) {
    beginResetModel();
    stations_ = now;
    endResetModel();
    return;
  }
  stations_ = now;
  if (!stations_.empty()) emit dataChanged(index(0), index(static_cast<int>(stations_.size()) - 1));
}

int StationListModel::rowCount(const QModelIndex& parent) const { return parent.isValid() ? 0 : static_cast<int>(stations_.size()); }

QString StationListModel::state_text(const StationProgress& station) const {
  switch (station.state) {
    case StationProgress::State::waiting:
      return tr("waits");
    case StationProgress::State::running:
      return is_active(job_) ? tr("at work") : tr("begun");
    case StationProgress::State::done:
      return tr("done in %1").arg(duration(station.ended - station.began));
    case StationProgress::State::done_before:
      return tr("done before");
    case StationProgress::State::failed:
      return tr("failed");
  }
  return {};
}

QVariant StationListModel::data(const QModelIndex& index, int role) const {
  if (!checkIndex(index, CheckIndexOption::IndexIsValid | CheckIndexOption::ParentIsInvalid)) return {};
  const StationProgress& station = stations_[static_cast<size_t>(index.row())];
  switch (role) {
    case Qt::DisplayRole:
      return station.id;
    case Qt::AccessibleTextRole:
    case Qt::ToolTipRole:
      return tr("%1, %2, %3").arg(station.id, kind_title(station.kind), state_text(station));
    case StateRole:
      return static_cast<int>(station.state);
    case KindRole:
      return kind_title(station.kind);
    case SecondsRole:
      return state_text(station);
    case CurrentRole:
      return station.state == StationProgress::State::running;
    case BrokenOffRole:
      return station.state == StationProgress::State::running && !is_active(job_);
    default:
      return {};
  }
}

}  // namespace rolora::widgets
