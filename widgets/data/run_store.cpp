// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/data/run_store.h"

#include <QDir>
#include <QFileInfo>
#include <QPointer>
#include <QTimer>
#include <algorithm>

#include "widgets/data/background.h"
#include "widgets/data/run_reader.h"

namespace rolora::widgets {
namespace {

constexpr int kLookMs = 700;  // at what run folders look like

QString normal(const QString& folder) { return QDir::cleanPath(QFileInfo(folder).absoluteFilePath()); }

Result<RunDataPtr> read_with(RunReader& reader) {
  try {
    return {reader.read(), {}};
  } catch (const std::exception& e) {
    const QString error = QString::fromUtf8(e.what());
    return {nullptr, error.isEmpty() ? QObject::tr("the run cannot be read") : error};
  }
}

struct Waiter {
  QPointer<QObject> receiver;
  std::function<void(const Result<RunDataPtr>&)> done;
};

}  // namespace

Result<RunDataPtr> read_run(const QString& folder) {
  RunReader reader(normal(folder).toStdString());
  return read_with(reader);
}

struct RunStore::State {
  explicit State(RunStore* owner) : store(owner), thread(std::make_unique<BackgroundThread>()) {}
  void read(const QString& folder, bool only_if_changed);
  void finish(const QString& folder, const Result<RunDataPtr>& result);

  RunStore* store;
  QStringList order;
  std::map<QString, RunDataPtr> open;
  std::map<QString, QString> told;  // the error that was told of an open run
  std::map<QString, std::vector<Waiter>> waiting;
  std::map<QString, int> reading;  // looks under way
  QTimer timer;
  std::map<QString, std::unique_ptr<RunReader>> readers;  // the reading thread's
  std::unique_ptr<BackgroundThread> thread;
};

void RunStore::State::read(const QString& folder, bool only_if_changed) {
  ++reading[folder];
  thread->post([this, folder, only_if_changed] {
    std::unique_ptr<RunReader>& reader = readers[folder];
    if (!reader) reader = std::make_unique<RunReader>(folder.toStdString());
    Result<RunDataPtr> result;
    if (!only_if_changed || reader->changed()) result = read_with(*reader);
    QMetaObject::invokeMethod(
        store, [this, folder, result] { finish(folder, result); }, Qt::QueuedConnection);
  });
}

void RunStore::State::finish(const QString& folder, const Result<RunDataPtr>& result) {
  if (--reading[folder] <= 0) reading.erase(folder);
  if (result.ok() && !result.value) return;  // nothing changed
  const bool known = open.contains(folder);
  std::vector<Waiter> waiters;
  if (const auto found = waiting.find(folder); found != waiting.end()) {
    waiters = std::move(found->second);
    waiting.erase(found);
  }
  if (!known && waiters.empty()) return;  // closed meanwhile
  const QPointer<RunStore> alive = store;
  if (result.ok()) {
    open[folder] = result.value;
    told.erase(folder);
    if (!known) order.append(folder);
    if (known) {
      emit store->updated(folder);
    } else {
      emit store->opened(folder);
    }
  } else if (known && told[folder] != result.error) {
    told[folder] = result.error;
    emit store->failed(folder, result.error);
  }
  for (const Waiter& waiter : waiters) {
    if (!alive) return;
    if (waiter.receiver) waiter.done(result);
  }
}

RunStore::RunStore(QObject* parent) : QObject(parent), state_(std::make_unique<State>(this)) {
  state_->timer.setInterval(kLookMs);
  connect(&state_->timer, &QTimer::timeout, this, [this] {
    for (const QString& folder : state_->order) {
      if (!state_->reading.contains(folder)) state_->read(folder, true);
    }
  });
  state_->timer.start();
}

RunStore::~RunStore() {
  state_->timer.stop();
  state_->thread.reset();
}

void RunStore::open(const QString& given, QObject* receiver, std::function<void(const Result<RunDataPtr>&)> done) {
  const QString folder = normal(given);
  state_->waiting[folder].push_back({receiver == nullptr ? this : receiver, std::move(done)});
  state_->read(folder, false);
}

void RunStore::close(const QString& given) {
  const QString folder = normal(given);
  state_->waiting.erase(folder);
  state_->order.removeAll(folder);
  state_->told.erase(folder);
  const bool known = state_->open.erase(folder) > 0;
  state_->thread->post([state = state_.get(), folder] { state->readers.erase(folder); });
  if (known) emit closed(folder);
}

RunDataPtr RunStore::run(const QString& folder) const {
  const auto found = state_->open.find(normal(folder));
  return found == state_->open.end() ? nullptr : found->second;
}

QString RunStore::error(const QString& folder) const {
  const auto found = state_->told.find(normal(folder));
  return found == state_->told.end() ? QString() : found->second;
}

QStringList RunStore::open_runs() const { return state_->order; }

void RunStore::refresh(const QString& folder) { state_->read(normal(folder), false); }

}  // namespace rolora::widgets
