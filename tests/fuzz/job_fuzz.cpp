// SPDX-License-Identifier: GPL-3.0-or-later
// A job file; the complete form of one that is accepted reads back to the same job.
#include "core/jobs/job.h"
#include "tests/fuzz/entry.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace rolora;
  return fuzz::expect_typed([&] {
    const Json document = parse_json(fuzz::as_text(data, size), "job.json");
    const Json complete = job_json(parse_job(document, "job.json"));
    if (job_json(parse_job(complete, "job.json")) != complete) fuzz::finding("a job that changes when it is read back", complete.dump());
  });
}
