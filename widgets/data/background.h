// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

namespace rolora::widgets {

/// One thread that does one piece of work after another. Work must not throw. Destruction finishes the running piece and forgets the rest.
class BackgroundThread {
 public:
  BackgroundThread();
  ~BackgroundThread();
  BackgroundThread(const BackgroundThread&) = delete;
  BackgroundThread& operator=(const BackgroundThread&) = delete;
  void post(std::function<void()> work);
  /// Before everything that waits: what was asked for last is what is looked at.
  void post_first(std::function<void()> work);

 private:
  void work_off();
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::function<void()>> waiting_;
  bool ending_ = false;
  std::thread thread_;  // last: starts when the rest stands
};

}  // namespace rolora::widgets
