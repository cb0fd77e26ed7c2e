// SPDX-License-Identifier: GPL-3.0-or-later
// What remains of a run, from what its check forecast for every station and what stations took here.
#pragma once

#include <QString>
#include <map>

#include "widgets/jobs/job_progress.h"

namespace rolora::widgets {

/// Seconds of each station (by id) as the worker's check estimated them.
using StationSeconds = std::map<QString, double>;
/// Of what the check answered ("stations": [{id, seconds}]); empty where it says nothing of them.
StationSeconds station_seconds(const nlohmann::json& estimate);

struct TimeLeft {
  double seconds = JobProgress::kUnknown;
  bool sure = false;  ///< enough was measured; otherwise it is shown with "~"
};
/// Forecasts, scaled by the pace measured so far: of stations of the same kind as far as there were any, of all others, and of the forecast
/// itself as long as little was measured. Without a forecast it is what the worker promises.
TimeLeft time_left(const JobProgress& now, const StationSeconds& forecast);

}  // namespace rolora::widgets
