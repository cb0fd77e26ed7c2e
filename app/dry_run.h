// SPDX-License-Identifier: GPL-3.0-or-later
// A run without running: the checks of a run, and what it would cost.
#pragma once

#include <filesystem>
#include <optional>

#include "app/session.h"
#include "core/jobs/runner.h"

namespace rolora::app {

/// Checks everything as a run would and touches nothing; the result is what core/jobs/estimate.h says, with the free space of
/// `options.out`'s disk where a folder is named and the machine's memory.
void dry_run(Session& session, Job job, const RunOptions& options);

}  // namespace rolora::app
