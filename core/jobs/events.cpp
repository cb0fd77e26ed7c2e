// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/jobs/events.h"

#include <chrono>
#include <cmath>

#include "core/base/error.h"

namespace rolora {
namespace {

constexpr double kSecondsBetweenEvents = 0.1;

// To the millisecond: more digits would say nothing.
Json rounded(double seconds) { return std::round(seconds * 1000) / 1000; }
Json rounded(const std::optional<double>& seconds) { return seconds ? rounded(*seconds) : Json(); }

double unix_time() { return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count(); }

bool ends_within_line(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary | std::ios::ate);
  if (!in || in.tellg() <= 0) return false;
  in.seekg(-1, std::ios::end);
  return in.get() != '\n';
}

}  // namespace

double seconds_since_start() {
  static const auto start = std::chrono::steady_clock::now();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

EventLog::EventLog(const std::filesystem::path& file) {
  const bool torn = ends_within_line(file);
  out_.open(file, std::ios::binary | std::ios::app);
  if (torn) out_ << '\n';
  if (!out_) throw Error(file.string() + ": cannot open for appending");
}

void EventLog::append(const Json& event) {
  out_ << event.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
  out_.flush();
}

RunMonitor::RunMonitor(RunObserver& observer, std::vector<StationForecast> forecasts, Clock clock)
    : observer_(observer), eta_(forecasts), clock_(std::move(clock)), stations_(forecasts.size()) {}

void RunMonitor::send(const std::string& event, Json fields) {
  fields["format"] = kEventFormat;
  fields["event"] = event;
  fields["time"] = rounded(unix_time());
  if (log_) log_->append(fields);
  observer_.event(fields);
}

void RunMonitor::send_ending(const std::string& event, const std::string& message) {
  Json fields = {{"station", station_.empty() ? Json() : Json(station_)}};
  if (!message.empty()) fields["message"] = printable(message, 1000);
  send(event, std::move(fields));
}

void RunMonitor::begin_station(size_t index, const std::string& id, const std::string& kind) {
  station_ = id;
  kind_ = kind;
  metrics_ = Json::object();
  part_ = 0;
  parts_ = 1;
  last_sent_ = -1;
  eta_.begin(index, clock_());
  send("station", {{"station", id}, {"kind", kind}, {"index", index}, {"of", stations_}, {"state", "started"}});
}

void RunMonitor::end_station(size_t index) {
  eta_.end(index, clock_());
  send("station", {{"station", station_}, {"kind", kind_}, {"index", index}, {"of", stations_}, {"state", "done"}});
}

void RunMonitor::skip_station(size_t index, const std::string& id, const std::string& kind) {
  eta_.skip(index);
  send("station", {{"station", id}, {"kind", kind}, {"index", index}, {"of", stations_}, {"state", "skipped"}});
}

void RunMonitor::part(int64_t index, int64_t of) {
  part_ = index;
  parts_ = of;
}

void RunMonitor::progress(std::string_view stage, int64_t done, int64_t total) {
  const double now = clock_();
  const double share = total > 0 ? static_cast<double>(done) / static_cast<double>(total) : 0;
  eta_.advance((static_cast<double>(part_) + share) / static_cast<double>(parts_), now);
  if (last_sent_ >= 0 && now - last_sent_ < kSecondsBetweenEvents && done < total) return;
  last_sent_ = now;
  send("progress", {{"station", station_},
                    {"stage", stage},
                    {"step", done},
                    {"total", total},
                    {"eta_seconds", rounded(eta_.station_seconds())},
                    {"run_fraction", rounded(eta_.run_fraction())},
                    {"run_eta_seconds", rounded(eta_.run_seconds())},
                    {"metrics", metrics_}});
}

void RunMonitor::metric(std::string_view name, int64_t step, double value) {
  metrics_[std::string(name)] = value;
  send("metric", {{"station", station_}, {"name", name}, {"step", step}, {"value", value}});
}

void RunMonitor::notice(std::string_view line) { send("notice", {{"station", station_}, {"line", line}}); }

}  // namespace rolora
