// SPDX-License-Identifier: GPL-3.0-or-later
// The queue and the stations of one job as item models.
#pragma once

#include <QAbstractListModel>

#include "widgets/jobs/job_queue.h"

namespace rolora::widgets {

class JobListModel : public QAbstractListModel {
  Q_OBJECT
 public:
  enum Role { IdRole = Qt::UserRole, StateRole, WhereRole, TimeRole, FractionRole, StateTextRole };
  explicit JobListModel(JobQueue* queue, QObject* parent = nullptr);
  int rowCount(const QModelIndex& parent = {}) const override;
  QVariant data(const QModelIndex& index, int role) const override;

 private:
  JobQueue* queue_;
};

class StationListModel : public QAbstractListModel {
  Q_OBJECT
 public:
  enum Role { StateRole = Qt::UserRole, KindRole, SecondsRole, CurrentRole, BrokenOffRole };
  using QAbstractListModel::QAbstractListModel;
  /// Keeps rows that stay the same.
  /// `state` of the job: what a station was at when its worker went is no work any more.
  void show(const JobProgressPtr& progress, JobState state);
  int rowCount(const QModelIndex& parent = {}) const override;
  QVariant data(const QModelIndex& index, int role) const override;

 private:
  QString state_text(const StationProgress& station) const;
  std::vector<StationProgress> stations_;
  JobState job_ = JobState::draft;
};

}  // namespace rolora::widgets
