// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/dry_run.h"

#include <unistd.h>

#include "app/estimate_text.h"
#include "core/jobs/estimate.h"
#include "core/model/tensor_store.h"

namespace rolora::app {
namespace {

namespace fs = std::filesystem;

// Of the disk that a folder, made or not, would lie on.
Json free_bytes(fs::path folder) {
  std::error_code failure;
  folder = fs::absolute(folder, failure);
  while (!folder.empty() && !fs::exists(folder, failure) && folder.has_parent_path() && folder.parent_path() != folder) {
    folder = folder.parent_path();
  }
  const fs::space_info space = fs::space(folder, failure);
  return failure ? Json() : Json(static_cast<double>(space.available));
}

double machine_bytes() { return static_cast<double>(::sysconf(_SC_PHYS_PAGES)) * static_cast<double>(::sysconf(_SC_PAGESIZE)); }

}  // namespace

void dry_run(Session& session, Job job, const RunOptions& options) {
  const double program = resident_bytes();
  if (!options.out.empty()) RunFolder::require_usable(options.out, options.mode);
  const RunInputs inputs = inspect_inputs(job, session.monitor());
  const Compute compute{parse_dtype(job.dtype, "dtype"), options.device};
  Json result = estimate_json(estimate_run(job, inputs, compute, program, probe_pace(*inputs.base.source, compute, session.monitor())));
  result["job"] = job.name;
  result["machine_bytes"] = machine_bytes();
  result["free_bytes"] = options.out.empty() ? Json() : free_bytes(options.out);
  session.result(result, estimate_table(result) + "the job can run; nothing was written\n");
}

}  // namespace rolora::app
