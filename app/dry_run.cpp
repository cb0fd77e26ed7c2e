// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/dry_run.h"

#include <unistd.h>

#include <cstdio>
#include <iomanip>
#include <sstream>

#include "app/bar.h"
#include "core/jobs/estimate.h"
#include "core/model/tensor_store.h"

namespace rolora::app {
namespace {

namespace fs = std::filesystem;

constexpr double kShared = 1.25;  // below, the passes only waited for each other

std::string bytes_text(double bytes) {
  char text[40];
  if (bytes >= 1e9)
    std::snprintf(text, sizeof text, "%.1f GB", bytes / 1e9);
  else
    std::snprintf(text, sizeof text, "%.1f MB", bytes / 1e6);
  return text;
}

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

std::string table(const Json& result) {
  std::ostringstream out;
  out << std::left << std::setw(11) << "kind" << std::setw(28) << "station" << std::right << std::setw(12) << "time" << std::setw(12)
      << "memory" << std::setw(12) << "disk"
      << "\n";
  for (const Json& s : result["stations"]) {
    out << std::left << std::setw(11) << s["kind"].get<std::string>() << std::setw(28) << s["id"].get<std::string>() << std::right
        << std::setw(12) << "~" + duration_text(s["seconds"].get<double>()) << std::setw(12) << bytes_text(s["peak_bytes"].get<double>())
        << std::setw(12) << bytes_text(s["disk_bytes"].get<double>()) << "\n";
  }
  const Json& pace = result["pace"];
  out << "together    about " << duration_text(result["seconds_low"].get<double>()) << " to "
      << duration_text(result["seconds_high"].get<double>()) << ", at most " << bytes_text(result["peak_bytes"].get<double>())
      << " of memory at a time, " << bytes_text(result["disk_bytes"].get<double>()) << " on the disk\n";
  if (const double temporary = result["temporary_bytes"]; temporary > 0) {
    out << "            and " << bytes_text(temporary) << " at a time in a nameless file in TMPDIR\n";
  }
  std::ostringstream waiting;
  if (pace["waiting"] > 1)
    waiting << " × " << pace["waiting"].get<double>()
            << " for threads that wait for each other (a fixed allowance, measured once with two threads on idle cores)";
  out << "estimated   " << pace["how"].get<std::string>() << "\n            " << std::setprecision(4)
      << pace["layer_seconds"].get<double>() * 1e3 << " ms (median of " << pace["passes"].size() << " passes, quartiles "
      << pace["layer_seconds_low"].get<double>() * 1e3 << " and " << pace["layer_seconds_high"].get<double>() * 1e3 << ") on "
      << pace["threads"] << " threads for " << pace["tokens"] << " tokens through one layer, × (" << pace["layers"] << " layers + "
      << pace["head_share"].get<double>() << " for the head)" << waiting.str() << " = " << pace["seconds_per_token"].get<double>() * 1e3
      << " ms a token\n";
  if (const double slowdown = pace["slowdown"]; slowdown > kShared) {
    out << "            the passes just timed took " << std::setprecision(2) << slowdown
        << " times as long as idle cores should need: while other programs compute, so will the run\n";
  }
  out << "the job can run; nothing was written\n";
  return out.str();
}

}  // namespace

void dry_run(Session& session, Job job, const RunOptions& options) {
  const double program = resident_bytes();
  if (!options.out.empty()) RunFolder::require_usable(options.out, options.mode);
  const RunInputs inputs = inspect_inputs(job, session.monitor());
  const Compute compute{parse_dtype(job.dtype, "dtype"), options.device};
  Json result = estimate_json(estimate_run(job, inputs, compute, program, session.monitor()));
  result["job"] = job.name;
  result["machine_bytes"] = machine_bytes();
  result["free_bytes"] = options.out.empty() ? Json() : free_bytes(options.out);
  session.result(result, table(result));
}

}  // namespace rolora::app
