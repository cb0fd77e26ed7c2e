// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/base/watchdog.h"

#include <QCoreApplication>
#include <QEvent>
#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

namespace rolora::widgets {
namespace {

using Clock = std::chrono::steady_clock;
constexpr auto kPeriod = std::chrono::milliseconds(10);
const auto kPing = static_cast<QEvent::Type>(QEvent::registerEventType());

class Ping : public QEvent {
 public:
  explicit Ping(Clock::time_point sent) : QEvent(kPing), sent(sent) {}
  Clock::time_point sent;
};

}  // namespace

struct Watchdog::Helper {
  std::mutex mutex;
  std::condition_variable wake;
  bool ended = false, answered = true;
  std::thread thread;

  void run(QObject* target) {
    std::unique_lock lock(mutex);
    while (!ended) {
      if (answered) {  // one question at a time: a long block is one block
        answered = false;
        QCoreApplication::postEvent(target, new Ping(Clock::now()), Qt::HighEventPriority);
      }
      wake.wait_for(lock, kPeriod, [this] { return ended; });
    }
  }
};

Watchdog::Watchdog(double limit_ms, std::function<void(double)> blocked, QObject* parent)
    : QObject(parent), blocked_(std::move(blocked)), limit_(limit_ms), helper_(std::make_unique<Helper>()) {
  helper_->thread = std::thread([this] { helper_->run(this); });
}

Watchdog::~Watchdog() {
  {
    const std::lock_guard lock(helper_->mutex);
    helper_->ended = true;
  }
  helper_->wake.notify_all();
  helper_->thread.join();
}

void Watchdog::reset() { longest_ = 0; }

bool Watchdog::event(QEvent* event) {
  if (event->type() != kPing) return QObject::event(event);
  const double ms = std::chrono::duration<double, std::milli>(Clock::now() - static_cast<Ping*>(event)->sent).count();
  {
    const std::lock_guard lock(helper_->mutex);
    helper_->answered = true;
  }
  answers_++;
  longest_ = std::max(longest_, ms);
  if (ms > limit_ && blocked_) blocked_(ms);
  return true;
}

}  // namespace rolora::widgets
