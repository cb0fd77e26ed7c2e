// SPDX-License-Identifier: GPL-3.0-or-later
// Who watches a run from the command line: a bar with both estimates on a terminal, the events as JSON lines, or nobody.
#pragma once

#include <memory>

#include "app/session.h"
#include "core/jobs/events.h"

namespace rolora::app {

std::unique_ptr<RunObserver> make_run_observer(Session& session);

}  // namespace rolora::app
