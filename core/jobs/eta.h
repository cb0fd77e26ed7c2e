// SPDX-License-Identifier: GPL-3.0-or-later
// Estimates of the time that remains, from forecasts of work and the pace so far. Only events hold them; no result does.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace rolora {

/// Work of a station in tokens through the whole model (or what costs about as much), before anything is known of the machine's pace.
struct StationForecast {
  std::string kind;
  double work = 1;
};

class RunEta {
 public:
  explicit RunEta(std::vector<StationForecast> forecasts) : forecasts_(std::move(forecasts)), finished_(forecasts_.size(), false) {}
  void begin(size_t station, double now);
  /// `fraction` of the current station is done.
  void advance(double fraction, double now);
  void skip(size_t station) { finished_[station] = true; }
  void end(size_t station, double now);

  /// Seconds that the current station still needs; unknown before one percent or half a second of it.
  std::optional<double> station_seconds() const;
  /// Seconds that the run still needs: other stations at the pace of their kind so far, else at the overall pace.
  std::optional<double> run_seconds() const;
  /// Share of the forecast work that is done.
  double run_fraction() const;

 private:
  struct Pace {
    double work = 0, seconds = 0;
  };
  double seconds_of(size_t station) const;  ///< negative: unknown

  std::vector<StationForecast> forecasts_;
  std::vector<bool> finished_;
  std::map<std::string, Pace> by_kind_;
  Pace all_;
  size_t current_ = 0;
  bool running_ = false;
  double began_ = 0, now_ = 0, fraction_ = 0;
  double first_ = -1, first_at_ = 0;  // the first fraction that was told, and when
};

}  // namespace rolora
