// SPDX-License-Identifier: GPL-3.0-or-later
// What each kind of station does: settings and models in, files in the station's folder and its numbers out. Each calls the engine that the
// command's verb of the same name calls.
#pragma once

#include <string>
#include <vector>

#include "core/jobs/events.h"
#include "core/jobs/inputs.h"
#include "core/jobs/job.h"
#include "core/jobs/run_folder.h"

namespace rolora {

struct StationContext {
  const Job& job;
  const RunInputs& inputs;
  const RunFolder& folder;
  Compute compute;
  RunMonitor& monitor;
};

/// Runs one station in its (begun) folder; the result is what result.json holds.
Json run_station(const StationContext& context, const Station& station);
/// Names in the station's folder that an interrupted attempt goes on from.
std::vector<std::string> kept_for_resume(const Station& station);

/// "base" or the output of an earlier station; of a finetune the base with the adapter beside its linears.
OpenedModel job_model(const StationContext& context, const std::string& id);
/// Where a station's model or adapter lies.
std::filesystem::path output_of(const StationContext& context, const Station& station);

Json run(const StationContext& context, const Station& station, const StatisticsStation& settings);
Json run(const StationContext& context, const Station& station, const RotateStation& settings);
Json run(const StationContext& context, const Station& station, const FinetuneStation& settings);
Json run(const StationContext& context, const Station& station, const MergeStation& settings);
Json run(const StationContext& context, const Station& station, const QuantizeStation& settings);
Json run(const StationContext& context, const Station& station, const EvaluateStation& settings);

}  // namespace rolora
