// SPDX-License-Identifier: GPL-3.0-or-later
// Runs a job: stations in order into a run folder, resumable at any moment, with the same final bytes however often it was interrupted.
#pragma once

#include <filesystem>
#include <optional>

#include "core/jobs/events.h"
#include "core/jobs/job.h"
#include "core/jobs/run_folder.h"
#include "core/model/weights.h"

namespace rolora {

struct RunOptions {
  std::filesystem::path out;
  RunFolder::Mode mode = RunFolder::Mode::create;
  at::Device device = at::kCPU;
  std::string job_file;  ///< for the log alone
};

/// {"stations": [{id, kind, results…}]}. Cancelled when the observer asked to stop (what was finished is saved); other errors pass through
/// after a `failed` event. Inputs are checked before the folder is touched.
Json run_job(Job job, const RunOptions& options, RunObserver& observer);

}  // namespace rolora
