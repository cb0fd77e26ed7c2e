// SPDX-License-Identifier: GPL-3.0-or-later
// What the numbers of a run say, in plain sentences computed from them, whichever way they fall.
#pragma once

#include <string>
#include <vector>

#include "core/jobs/report/run_data.h"

namespace rolora {

std::vector<std::string> outlier_findings(const RunData& run);
std::vector<std::string> rotation_findings(const RunData& run);
std::vector<std::string> tuning_findings(const RunData& run);
std::vector<std::string> error_findings(const RunData& run);
std::vector<std::string> perplexity_findings(const RunData& run);
/// Whether calibration, tuning and evaluation texts are disjoint.
std::string disjointness(const RunData& run);

/// "lowers it by 7.1 %", "raises it by 3 %", "leaves it as it is (change below 0.05 %)".
std::string change(double from, double to);

}  // namespace rolora
