// SPDX-License-Identifier: GPL-3.0-or-later
// What a run tells while it works. Format 1: one JSON object a line, each with "format", "event" and "time" (seconds since 1970).
//
//   start     job, job_file, stations [{id, kind}], resumed, process, machine {device, threads, cpu_features}
//   station   station, kind, index (from 0), of, state: started | skipped (done by an earlier run) | done
//   progress  station, stage, step, total, eta_seconds (of the station), run_fraction, run_eta_seconds, metrics {name: latest value};
//             at most ten a second; an estimate that is not known yet is null
//   metric    station, name, step, value
//   notice    station, line
//   done      report
//   failed    station, message
//   stopped   station
//
// The front end gets every event; the same lines are appended to events.jsonl in the run folder. The other verbs report progress, metric,
// notice and their ending in the same format, without what belongs to stations (app/progress.cpp). For people: resources/jobs/README.md.
#pragma once

#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/monitor.h"
#include "core/jobs/eta.h"
#include "core/storage/json_file.h"

namespace rolora {

inline constexpr int kEventFormat = 1;

/// Shows a run (a bar, JSON lines, a window) and says when to stop.
class RunObserver {
 public:
  virtual ~RunObserver() = default;
  virtual void event(const Json& event) = 0;
  virtual bool stop_requested() const = 0;
};

/// Appends events to a file. A line cut short by a killed process is ended first, so that every later line stands alone.
class EventLog {
 public:
  explicit EventLog(const std::filesystem::path& file);
  void append(const Json& event);

 private:
  std::ofstream out_;
};

/// Turns an engine's reports into events with estimates of what remains.
class RunMonitor final : public Monitor {
 public:
  using Clock = std::function<double()>;  ///< seconds, monotonic
  RunMonitor(RunObserver& observer, std::vector<StationForecast> forecasts, Clock clock);
  void log_to(const std::filesystem::path& file) { log_ = std::make_unique<EventLog>(file); }
  /// Sends an event of the given name with `fields`.
  void send(const std::string& event, Json fields);
  /// "stopped" or "failed", at the current station.
  void send_ending(const std::string& event, const std::string& message);
  void begin_station(size_t index, const std::string& id, const std::string& kind);
  void end_station(size_t index);
  /// Done by an earlier run.
  void skip_station(size_t index, const std::string& id, const std::string& kind);
  /// The station works in `of` parts of equal weight; this is part `index`.
  void part(int64_t index, int64_t of);

  void progress(std::string_view stage, int64_t done, int64_t total) override;
  void metric(std::string_view name, int64_t step, double value) override;
  void notice(std::string_view line) override;
  bool stop_requested() const override { return observer_.stop_requested(); }

 private:
  RunObserver& observer_;
  RunEta eta_;
  Clock clock_;
  std::unique_ptr<EventLog> log_;
  size_t stations_;
  std::string station_, kind_;
  int64_t part_ = 0, parts_ = 1;
  Json metrics_ = Json::object();
  double last_sent_ = -1;
};

double seconds_since_start();

}  // namespace rolora
