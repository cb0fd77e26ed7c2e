// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QObject>
#include <QPointer>
#include <QTemporaryDir>
#include <QTimer>
#include <nlohmann/json.hpp>

namespace rolora::widgets {

class WorkerCall;

/// Has the worker check a job a moment after its last change, and only the newest one.
class RecipeCheck : public QObject {
  Q_OBJECT
 public:
  explicit RecipeCheck(QObject* parent = nullptr);
  ~RecipeCheck() override;
  void check(const nlohmann::json& job, const QString& device, int threads);
  /// Forgets what was asked: nothing is said about it any more.
  void forget();

 signals:
  void checking();
  void accepted(const nlohmann::json& estimate);  ///< what `rolora run --dry-run --json` says
  void refused(const QString& line);

 private:
  void ask();
  QTemporaryDir folder_;
  QTimer pause_;
  nlohmann::json job_;
  QString device_;
  int threads_ = 0;
  QPointer<WorkerCall> call_;
  int asked_ = 0;
};

}  // namespace rolora::widgets
