// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <vector>

#include "core/jobs/job.h"

namespace rolora {

/// Shorter lines recur in honest texts ("And God said,").
inline constexpr int64_t kSharedLineLength = 40;

/// Do texts of one run overlap? For every pair: distinct lines of at least kSharedLineLength bytes that stand in both:
/// [{"a": name, "b": name, "lines": n, "lines_a": such lines of a, "lines_b": of b}], pairs in name order. Ids and files over 256 MB are
/// left out.
Json shared_lines(const Job& job);

/// Texts of a run's inputs that are not disjoint by their purpose (calibration, tuning, evaluation): one sentence each, e.g. "a serves more
/// than one purpose", "a and b are the same file". `texts`: of inputs.json.
std::vector<std::string> mixed_texts(const Json& texts);

}  // namespace rolora
