// SPDX-License-Identifier: GPL-3.0-or-later
// The sections of the page; each is empty when the run has nothing for it.
#pragma once

#include <string>
#include <vector>

#include "core/jobs/report/run_data.h"

namespace rolora {

std::string inputs_section(const RunData& run);
std::string outliers_section(const RunData& run);
std::string rotation_section(const RunData& run);
std::string tuning_section(const RunData& run);
std::string errors_section(const RunData& run);
std::string perplexity_section(const RunData& run);
std::string files_section(const RunData& run);

std::string findings_list(const std::vector<std::string>& findings);

}  // namespace rolora
