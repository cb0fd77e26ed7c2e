// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/base/watchdog.h"

#include <pthread.h>
#include <time.h>

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

double busy_ms(clockid_t clock) {
  timespec time{};
  if (clock_gettime(clock, &time) != 0) return 0;
  return static_cast<double>(time.tv_sec) * 1e3 + static_cast<double>(time.tv_nsec) * 1e-6;
}

class Ping : public QEvent {
 public:
  Ping(Clock::time_point when, double busy) : QEvent(kPing), sent(when), busy_then(busy) {}
  Clock::time_point sent;
  double busy_then;
};

}  // namespace

struct Watchdog::Helper {
  std::mutex mutex;
  std::condition_variable wake;
  bool ended = false, answered = true;
  std::thread thread;
  clockid_t watched{};

  void run(QObject* target) {
    std::unique_lock lock(mutex);
    while (!ended) {
      if (answered) {  // one question at a time: a long block is one block
        answered = false;
        QCoreApplication::postEvent(target, new Ping(Clock::now(), busy_ms(watched)), Qt::HighEventPriority);
      }
      wake.wait_for(lock, kPeriod, [this] { return ended; });
    }
  }
};

Watchdog::Watchdog(double limit_ms, std::function<void(const Block&)> blocked, QObject* parent)
    : QObject(parent), blocked_(std::move(blocked)), limit_(limit_ms), helper_(std::make_unique<Helper>()) {
  pthread_getcpuclockid(pthread_self(), &helper_->watched);
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

void Watchdog::reset() { longest_ = {}; }

bool Watchdog::event(QEvent* event) {
  if (event->type() != kPing) return QObject::event(event);
  const auto* ping = static_cast<Ping*>(event);
  const Block block{std::chrono::duration<double, std::milli>(Clock::now() - ping->sent).count(),
                    busy_ms(helper_->watched) - ping->busy_then};
  {
    const std::lock_guard lock(helper_->mutex);
    helper_->answered = true;
  }
  answers_++;
  longest_ = {std::max(longest_.ms, block.ms), std::max(longest_.busy_ms, block.busy_ms)};
  if (block.ms > limit_ && blocked_) blocked_(block);
  return true;
}

}  // namespace rolora::widgets
