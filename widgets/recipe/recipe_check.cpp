// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/recipe/recipe_check.h"

#include <QFile>

#include "widgets/jobs/worker_call.h"

namespace rolora::widgets {
namespace {

constexpr int kPause = 500;  // milliseconds of rest before the worker is asked

}  // namespace

RecipeCheck::RecipeCheck(QObject* parent) : QObject(parent), pause_(this) {
  pause_.setSingleShot(true);
  pause_.setInterval(kPause);
  connect(&pause_, &QTimer::timeout, this, &RecipeCheck::ask);
}

RecipeCheck::~RecipeCheck() { forget(); }

void RecipeCheck::check(const nlohmann::json& job, const QString& device, int threads) {
  forget();
  job_ = job;
  device_ = device;
  threads_ = threads;
  emit checking();
  pause_.start();
}

void RecipeCheck::forget() {
  pause_.stop();
  ++asked_;
  if (call_) call_->stop();
  call_.clear();
}

void RecipeCheck::ask() {
  QFile file(folder_.filePath(QStringLiteral("job-%1.json").arg(asked_)));
  const std::string text = job_.dump(2, ' ', false, nlohmann::json::error_handler_t::replace);
  if (!file.open(QIODevice::WriteOnly) || file.write(text.data(), static_cast<qint64>(text.size())) < 0) {
    emit refused(tr("%1: %2").arg(file.fileName(), file.errorString()));
    return;
  }
  file.close();
  QStringList arguments = {QStringLiteral("run"), file.fileName(), QStringLiteral("--dry-run"), QStringLiteral("--device"), device_};
  if (threads_ > 0) arguments << QStringLiteral("--threads") << QString::number(threads_);  // the time hangs on them
  call_ = WorkerCall::start(arguments, this, [this, name = file.fileName(), asked = asked_](const Result<nlohmann::json>& answer) {
    QFile::remove(name);
    if (asked != asked_) return;
    if (answer.ok())
      emit accepted(answer.value);
    else
      emit refused(answer.error);
  });
}

}  // namespace rolora::widgets
