// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>

#include "core/jobs/report/run_data.h"

namespace rolora {

/// Heat maps [layer, channel] of a site's per-channel absmax, one panel a state, read from the stations' statistics.h5. Empty when no file
/// has an overview of that site.
std::string absmax_maps(const RunData& run, const StatisticsGroup& group, const std::string& site);

}  // namespace rolora
