// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/jobs/job_time.h"

#include <algorithm>
#include <cmath>

namespace rolora::widgets {
namespace {

// How much of a run (of a kind of station) must be measured until that weighs as much as the forecast (as the pace of the whole run).
constexpr double kTrustInForecast = 0.2, kTrustInOthers = 0.6;
constexpr double kEnough = 0.1;  // of the run: from then on the promise is one

struct Pace {
  double whole = 0, forecast = 0, took = 0;  // seconds: of all its stations, of what was measured of them, and what that took
};

using State = StationProgress::State;

// The share of a station at work that is done, from what the worker promises of it.
double share_done(const StationProgress& station, const JobProgress& now) {
  const double spent = now.updated - station.began;
  if (!std::isfinite(now.station_eta) || !(spent > 0)) return 0;
  return spent / (spent + now.station_eta);
}

}  // namespace

StationSeconds station_seconds(const nlohmann::json& estimate) {
  StationSeconds seconds;
  if (!estimate.is_object() || !estimate.contains("stations") || !estimate["stations"].is_array()) return seconds;
  for (const nlohmann::json& station : estimate["stations"]) {
    if (!station.is_object() || !station.contains("seconds") || !station["seconds"].is_number()) continue;
    const std::string id = station.value("id", "");
    if (!id.empty()) seconds[QString::fromStdString(id)] = station["seconds"].get<double>();
  }
  return seconds;
}

TimeLeft time_left(const JobProgress& now, const StationSeconds& forecast) {
  const auto of = [&](const StationProgress& s) { return forecast.at(s.id); };
  const bool known = !now.stations.empty() && std::all_of(now.stations.begin(), now.stations.end(),
                                                          [&](const StationProgress& s) { return forecast.contains(s.id); });
  if (!known) return {now.run_eta, now.eta_stable};
  std::map<QString, Pace> kinds;
  Pace all;
  for (const StationProgress& s : now.stations) {
    const double done = s.state == State::done ? 1 : s.state == State::running ? share_done(s, now) : 0;
    const double took = s.state == State::done ? s.ended - s.began : now.updated - s.began;
    for (Pace* pace : {&kinds[s.kind], &all}) {
      pace->whole += of(s);
      if (done <= 0) continue;
      pace->forecast += of(s) * done;
      pace->took += took;
    }
  }
  const double prior = kTrustInForecast * all.whole;
  const double overall = prior > 0 ? (all.took + prior) / (all.forecast + prior) : 1;
  const auto pace_of = [&](const QString& kind) {
    const Pace& pace = kinds[kind];
    const double others = kTrustInOthers * pace.whole;
    return others > 0 ? (pace.took + overall * others) / (pace.forecast + others) : overall;
  };
  TimeLeft left{0, all.forecast >= kEnough * all.whole};
  for (const StationProgress& s : now.stations) {
    const double expected = of(s) * pace_of(s.kind);
    if (s.state == State::waiting) left.seconds += expected;
    if (s.state == State::running)
      left.seconds += std::isfinite(now.station_eta) ? now.station_eta : std::max(0.0, expected - (now.updated - s.began));
  }
  return left;
}

}  // namespace rolora::widgets
