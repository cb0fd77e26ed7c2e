// SPDX-License-Identifier: GPL-3.0-or-later
// The settings of each kind of station, from JSON and back. Part of the job schema (core/jobs/job.h).
#pragma once

#include <string>

#include "core/jobs/job.h"
#include "core/storage/json_file.h"

namespace rolora {

/// Reads the settings of a station of this kind; leaves "id", "kind" and "seed" to the caller and refuses unknown keys.
StationSettings parse_station_settings(const std::string& kind, const JsonObject& o);
/// Every setting, also those at their default.
Json station_settings_json(const StationSettings& settings);

QuantizeSettings parse_quantize_settings(const JsonObject& o);
Json quantize_settings_json(const QuantizeSettings& how);

/// One of the words; otherwise refused with all of them.
std::string one_of(const JsonObject& o, std::string_view key, const std::vector<std::string>& words, const std::string& fallback);

}  // namespace rolora
