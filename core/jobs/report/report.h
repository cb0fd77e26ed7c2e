// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>

#include "core/jobs/report/run_data.h"
#include "core/jobs/run_folder.h"

namespace rolora {

/// The page: one self-contained HTML file without scripts, light and dark.
std::string report_html(const RunData& run);

/// Writes tables/*.csv and report.html of a run whose stations are all done. A pure function of what the folder holds.
void write_report(const RunFolder& folder);

}  // namespace rolora
