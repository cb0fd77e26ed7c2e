// SPDX-License-Identifier: GPL-3.0-or-later
// Temporary names beside a target, and what a killed process left under them; private to storage.
#pragma once

#include <filesystem>

namespace rolora {

/// `.NAME.partial-<process>` beside the target.
std::filesystem::path partial_name(const std::filesystem::path& target);

/// `.NAME.replaced-<process>`: where a replaced folder waits for its removal.
std::filesystem::path replaced_name(const std::filesystem::path& target);

/// The folder that holds the target ("." for a bare name).
std::filesystem::path folder_of(const std::filesystem::path& target);

/// Removes partial files and folders of the same target whose process no longer lives. Failures are left for the next time.
void remove_leftovers(const std::filesystem::path& target) noexcept;

}  // namespace rolora
