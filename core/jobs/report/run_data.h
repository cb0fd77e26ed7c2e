// SPDX-License-Identifier: GPL-3.0-or-later
// A finished run read back from its folder: the report and the tables come from these numbers and from nothing else.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/jobs/job.h"
#include "core/jobs/lineage.h"
#include "core/jobs/run_folder.h"

namespace rolora {

struct PerplexityRow {
  std::string station, model;  ///< of the evaluation; the model it looked at
  std::string text;
  ModelState state;
  std::string quantization;  ///< "RTN W4A4", of the model or of the look; empty: full precision
  double nll = 0, perplexity = 0;
  int64_t tokens = 0;
};

/// One state of a statistics station.
struct StateRef {
  std::string station, label, model;
  std::string title;  ///< the label, with the station's id where two stations use the same
};

/// Statistics stations that looked at the same tokens: their states stand side by side.
struct StatisticsGroup {
  std::string text;
  int64_t tokens = 0, context = 0;
  std::vector<StateRef> states;
};

struct SiteRow {
  StateRef of;
  ModelState state;
  int64_t layer = 0;
  std::string site;                              ///< "down_in"
  Json figures;                                  ///< kurtosis, absmax, … as in the station's result
  double figure(const std::string& name) const;  ///< NaN when it is not known
};

struct LinearRow {
  std::string station, model;
  ModelState state;
  std::string quantization, linear;
  Json report;
  double error(const std::string& name) const;
};

/// A station that measured the error of every linear: a quantize station, or an evaluation's look with a calibration text.
struct MeasuredStation {
  const Station* station;
  std::string model;
  ModelState state;  ///< with the station's own quantization
};

class RunData {
 public:
  explicit RunData(const RunFolder& folder);
  const Job& job() const { return job_; }
  const Json& inputs() const { return inputs_; }
  const Json& machine() const { return machine_; }
  const Json& result(const std::string& id) const { return results_.at(id); }
  const std::filesystem::path& folder() const { return folder_; }
  std::filesystem::path station_folder(const std::string& id) const { return folder_ / "stations" / id; }

  template <class Settings>
  std::vector<const Station*> stations() const {
    std::vector<const Station*> found;
    for (const Station& s : job_.stations) {
      if (std::holds_alternative<Settings>(s.settings)) found.push_back(&s);
    }
    return found;
  }
  std::vector<PerplexityRow> perplexities() const;
  std::vector<StatisticsGroup> statistics() const;
  std::vector<SiteRow> sites() const;
  std::vector<MeasuredStation> measured() const;  ///< in the job's order
  std::vector<LinearRow> linears() const;

 private:
  std::filesystem::path folder_;
  Job job_;
  Json inputs_, machine_;
  std::map<std::string, Json> results_;
};

/// "layers.12.down_in" → 12 and "down_in".
std::pair<int64_t, std::string> split_site(const std::string& name);

}  // namespace rolora
