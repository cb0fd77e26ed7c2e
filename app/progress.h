// SPDX-License-Identifier: GPL-3.0-or-later
// Progress on stderr: a bar with ETA on a terminal, JSON lines for the window and scripts, or nothing.
#pragma once

#include <memory>

#include "core/base/monitor.h"

namespace rolora::app {

struct GeneralOptions;
std::unique_ptr<Monitor> make_monitor(const GeneralOptions& options);

}  // namespace rolora::app
