// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/progress.h"

#include <chrono>
#include <iostream>
#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "app/bar.h"
#include "app/session.h"
#include "core/base/error.h"
#include "core/jobs/events.h"

namespace rolora::app {
namespace {

using Clock = std::chrono::steady_clock;
constexpr double kShortestGap = 0.1;  // seconds between two reports of one kind
constexpr double kFirstEta = 0.5;     // an estimate from less would only flicker

double seconds_since(Clock::time_point then) { return std::chrono::duration<double>(Clock::now() - then).count(); }

// Says for each name whether enough time has passed since it was last reported.
class Throttle {
 public:
  bool pass(std::string_view name) {
    const auto [found, fresh] = last_.try_emplace(std::string(name), Clock::now());
    if (!fresh && seconds_since(found->second) < kShortestGap) return false;
    found->second = Clock::now();
    return true;
  }

 private:
  std::map<std::string, Clock::time_point> last_;
};

// The pace of the current stage.
class Pace {
 public:
  /// True when another stage (or the same one anew) begins.
  bool follow(std::string_view stage, int64_t done) {
    const bool anew = stage != stage_ || done < last_done_;
    if (anew) {
      stage_ = stage;
      first_done_ = done;
      began_ = Clock::now();
    }
    last_done_ = done;
    return anew;
  }
  /// Seconds left; unknown until something is done and a moment has passed.
  std::optional<double> eta(int64_t done, int64_t total) const {
    const double spent = seconds_since(began_);
    if (done <= first_done_ || (spent < kFirstEta && done < total)) return std::nullopt;
    return spent * static_cast<double>(total - done) / static_cast<double>(done - first_done_);
  }

 private:
  std::string stage_;
  int64_t first_done_ = 0, last_done_ = 0;
  Clock::time_point began_ = Clock::now();
};

// Notices only; also the base of those that show more.
class NoticeMonitor : public FrontMonitor {
 public:
  void progress(std::string_view, int64_t, int64_t) override {}
  void metric(std::string_view, int64_t, double) override {}
  void notice(std::string_view line) override { std::cerr << "note: " << line << '\n'; }
  void ending(std::string_view, std::string_view) override {}
  bool stop_requested() const override { return stop_was_requested(); }
};

class QuietMonitor final : public NoticeMonitor {
 public:
  void notice(std::string_view) override {}
};

class BarMonitor final : public NoticeMonitor {
 public:
  void progress(std::string_view stage, int64_t done, int64_t total) override {
    const std::lock_guard lock(mutex_);
    if (pace_.follow(stage, done)) tail_.clear();
    if (throttle_.pass("") || done == total) bar_.draw(stage, done, total, pace_.eta(done, total), tail_);
  }
  void metric(std::string_view name, int64_t, double value) override {
    const std::lock_guard lock(mutex_);
    char text[64];
    std::snprintf(text, sizeof text, " %.4g", value);
    tail_ = std::string(name) + text;
  }
  void notice(std::string_view line) override {
    const std::lock_guard lock(mutex_);
    bar_.print("note: " + std::string(line));
  }
  void clear() override {
    const std::lock_guard lock(mutex_);
    bar_.clear();
  }

 private:
  std::mutex mutex_;
  Bar bar_;
  Pace pace_;
  Throttle throttle_;
  std::string tail_;
};

// The events of a run (core/jobs/events.h, the same format) without what belongs to stations. The last unit of a stage is always reported.
class JsonMonitor final : public NoticeMonitor {
 public:
  void progress(std::string_view stage, int64_t done, int64_t total) override {
    const std::lock_guard lock(mutex_);
    pace_.follow(stage, done);
    if (!throttle_.pass("progress") && done != total) return;
    const auto eta = pace_.eta(done, total);
    print("progress",
          {{"stage", stage}, {"step", done}, {"total", total}, {"eta_seconds", eta ? Json(*eta) : Json()}, {"metrics", metrics_}});
  }
  void metric(std::string_view name, int64_t step, double value) override {
    const std::lock_guard lock(mutex_);
    metrics_[std::string(name)] = value;
    if (throttle_.pass("metric " + std::string(name))) print("metric", {{"name", name}, {"step", step}, {"value", value}});
  }
  void notice(std::string_view line) override {
    const std::lock_guard lock(mutex_);
    print("notice", {{"line", line}});
  }
  void ending(std::string_view event, std::string_view message) override {
    const std::lock_guard lock(mutex_);
    print(event, message.empty() ? Json::object() : Json({{"message", printable(message, 1000)}}));
  }

 private:
  static void print(std::string_view event, Json fields) {
    fields["format"] = kEventFormat;
    fields["event"] = event;
    fields["time"] = std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
    std::cerr << fields.dump(-1, ' ', false, Json::error_handler_t::replace) + '\n' << std::flush;
  }
  std::mutex mutex_;
  Pace pace_;
  Throttle throttle_;
  Json metrics_ = Json::object();
};

}  // namespace

std::unique_ptr<FrontMonitor> make_monitor(const GeneralOptions& options) {
  if (options.quiet) return std::make_unique<QuietMonitor>();
  if (reports_json(options)) return std::make_unique<JsonMonitor>();
  if (options.progress == "auto" && stderr_is_terminal()) return std::make_unique<BarMonitor>();
  return std::make_unique<NoticeMonitor>();
}

}  // namespace rolora::app
