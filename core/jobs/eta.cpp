// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/jobs/eta.h"

#include <algorithm>

namespace rolora {

void RunEta::begin(size_t station, double now) {
  current_ = station;
  running_ = true;
  began_ = now_ = now;
  fraction_ = 0;
  first_ = -1;
}

void RunEta::advance(double fraction, double now) {
  if (first_ < 0) {
    first_ = std::clamp(fraction, 0.0, 1.0);
    first_at_ = now;
  }
  fraction_ = std::clamp(std::max(fraction, fraction_), 0.0, 1.0);  // a new stage of the same part does not take back what was done
  now_ = now;
}

void RunEta::end(size_t station, double now) {
  running_ = false;
  finished_[station] = true;
  for (Pace* pace : {&by_kind_[forecasts_[station].kind], &all_}) {
    pace->work += forecasts_[station].work;
    pace->seconds += now - began_;
  }
}

std::optional<double> RunEta::station_seconds() const {
  if (!running_) return std::nullopt;
  const double spent = now_ - began_;
  // A station that goes on begins with what was done before: the pace is that of what was seen here.
  if (first_ >= 0 && fraction_ - first_ >= 0.005 && now_ - first_at_ >= 0.5)
    return (now_ - first_at_) * (1 - fraction_) / (fraction_ - first_);
  if (fraction_ >= 0.01 && spent >= 0.5) return spent * (1 - fraction_) / fraction_;
  const double forecast = seconds_of(current_);
  if (forecast < 0) return std::nullopt;
  return std::max(0.0, forecast - spent);
}

double RunEta::seconds_of(size_t station) const {
  const auto kind = by_kind_.find(forecasts_[station].kind);
  Pace pace = kind != by_kind_.end() ? kind->second : all_;
  if (pace.work <= 0 && running_ && fraction_ > 0) pace = {forecasts_[current_].work * fraction_, now_ - began_};
  if (pace.work <= 0) return -1;
  return forecasts_[station].work * pace.seconds / pace.work;
}

std::optional<double> RunEta::run_seconds() const {
  double seconds = 0;
  if (running_) {
    const auto current = station_seconds();
    if (!current) return std::nullopt;
    seconds = *current;
  }
  for (size_t i = 0; i < forecasts_.size(); ++i) {
    if (finished_[i] || (running_ && i == current_)) continue;
    const double one = seconds_of(i);
    if (one < 0) return std::nullopt;
    seconds += one;
  }
  return seconds;
}

double RunEta::run_fraction() const {
  double done = 0, total = 0;
  for (size_t i = 0; i < forecasts_.size(); ++i) {
    total += forecasts_[i].work;
    if (finished_[i])
      done += forecasts_[i].work;
    else if (running_ && i == current_)
      done += forecasts_[i].work * fraction_;
  }
  return total > 0 ? done / total : 1;
}

}  // namespace rolora
