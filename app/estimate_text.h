// SPDX-License-Identifier: GPL-3.0-or-later
// What a run would cost, for people to read.
#pragma once

#include <string>

#include "core/storage/json_file.h"

namespace rolora::app {

/// "1.5 GB", "340.2 MB"
std::string bytes_text(double bytes);

/// estimate_json (core/jobs/estimate.h) as a table, a line a station, and how it was estimated.
std::string estimate_table(const Json& estimate);

/// The sum that makes the largest station's memory, a part a line.
std::string largest_station_text(const Json& estimate);

}  // namespace rolora::app
