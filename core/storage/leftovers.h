// SPDX-License-Identifier: GPL-3.0-or-later
// Temporary names beside a target, and what a killed process left under them; private to storage.
#pragma once

#include <filesystem>
#include <vector>

namespace rolora {

/// `.NAME.partial-<process>` beside the target.
std::filesystem::path partial_name(const std::filesystem::path& target);

/// `.NAME.replaced-<process>`: where a replaced folder waits for its removal.
std::filesystem::path replaced_name(const std::filesystem::path& target);

/// `.NAME.removed-<process>`: a folder on its way out.
std::filesystem::path removed_name(const std::filesystem::path& target);

/// The folder that holds the target ("." for a bare name).
std::filesystem::path folder_of(const std::filesystem::path& target);

/// Makes the missing folders above a target; returns them innermost first. Throws Error (DeviceError without space).
std::vector<std::filesystem::path> make_parents(const std::filesystem::path& target);

/// Removes what make_parents made, as far as nobody put anything there.
void remove_empty(const std::vector<std::filesystem::path>& parents) noexcept;

}  // namespace rolora
