// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/data/background.h"

#include <utility>

namespace rolora::widgets {

BackgroundThread::BackgroundThread() : thread_([this] { work_off(); }) {}

BackgroundThread::~BackgroundThread() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void BackgroundThread::post(std::function<void()> work) {
  {
    const std::lock_guard lock(mutex_);
    waiting_.push_back(std::move(work));
  }
  changed_.notify_one();
}

void BackgroundThread::post_first(std::function<void()> work) {
  {
    const std::lock_guard lock(mutex_);
    waiting_.push_front(std::move(work));
  }
  changed_.notify_one();
}

void BackgroundThread::work_off() {
  for (;;) {
    std::function<void()> work;
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [this] { return ending_ || !waiting_.empty(); });
      if (ending_) return;
      work = std::move(waiting_.front());
      waiting_.pop_front();
    }
    work();
  }
}

}  // namespace rolora::widgets
