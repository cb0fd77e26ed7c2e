// SPDX-License-Identifier: GPL-3.0-or-later
// Where a verb may write: never over what it reads.
#pragma once

#include <filesystem>
#include <vector>

namespace rolora::app {

/// Refuses (UsageError) an output without a name, and one that is an input, lies inside one (MODEL is only read) or holds one, which
/// --force would remove with it. Empty inputs are options that were not given.
void require_apart(const std::filesystem::path& out, const std::vector<std::filesystem::path>& inputs);

/// Refuses (InputError) an output file that could not be written in the end, before the work that leads to it.
void require_writable_file(const std::filesystem::path& out);

}  // namespace rolora::app
