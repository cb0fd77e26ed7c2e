// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>

#include "core/jobs/report/run_data.h"

namespace rolora {

/// Heat maps [layer, channel] of a site's per-channel absmax, one panel a state, read from the station's statistics.h5. Empty when the file
/// has no overview of that site.
std::string absmax_maps(const RunData& run, const Station& station, const std::string& site);

}  // namespace rolora
