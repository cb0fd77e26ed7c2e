// SPDX-License-Identifier: GPL-3.0-or-later
// What one finished station of a run says, as the window shows it.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "core/storage/json_file.h"
#include "widgets/data/live_events.h"
#include "widgets/data/run_store.h"

namespace rolora::widgets {

struct StationResults {
  std::optional<TrainingCurve> training;
  std::optional<QuantizedLook> quantized;
  std::optional<PerplexityRow> perplexity;
  std::vector<MeasuredState> measured;
  QString statistics_file;
};

/// `declared`: the station in job.json. InputError names file and key.
StationResults read_station(const JsonObject& declared, const std::filesystem::path& folder);
void add_results(const StationResults& results, RunData& data);
TrainingCurve live_curve(const JsonObject& declared, const std::map<std::string, LiveEvents::Series>& metrics);
/// Puts states into words and finds what each quantized look is compared with.
void name_states(const std::vector<JsonObject>& stations, RunData& data);

}  // namespace rolora::widgets
