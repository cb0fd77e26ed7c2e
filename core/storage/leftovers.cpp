// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/storage/leftovers.h"

#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "core/storage/atomic_file.h"
#include "core/storage/system_error.h"

namespace rolora {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kPartial = ".partial-", kReplaced = ".replaced-", kRemoved = ".removed-";

fs::path hidden_sibling(const fs::path& target, std::string_view mark) {
  return folder_of(target) / ("." + target.filename().string() + std::string(mark) + std::to_string(::getpid()));
}

// True for `PREFIX<digits>` where no process of that number lives.
bool left_by_dead_process(std::string_view name, const std::string& prefix) {
  if (!name.starts_with(prefix)) return false;
  const std::string_view digits = name.substr(prefix.size());
  pid_t process = 0;
  const auto [end, failure] = std::from_chars(digits.data(), digits.data() + digits.size(), process);
  if (failure != std::errc() || end != digits.data() + digits.size() || process <= 0) return false;
  return ::kill(process, 0) != 0 && errno == ESRCH;
}

}  // namespace

fs::path folder_of(const fs::path& target) {
  const fs::path parent = target.parent_path();
  return parent.empty() ? fs::path(".") : parent;
}

fs::path partial_name(const fs::path& target) { return hidden_sibling(target, kPartial); }
fs::path replaced_name(const fs::path& target) { return hidden_sibling(target, kReplaced); }
fs::path removed_name(const fs::path& target) { return hidden_sibling(target, kRemoved); }

std::vector<fs::path> make_parents(const fs::path& target) {
  std::error_code failure;
  std::vector<fs::path> missing;
  for (fs::path parent = target.parent_path(); !parent.empty() && !fs::exists(parent, failure); parent = parent.parent_path()) {
    missing.push_back(parent);
  }
  if (missing.empty()) return missing;
  fs::create_directories(missing.front(), failure);
  if (failure) throw_write_failure(missing.front(), "create the folder", failure.value());
  return missing;
}

void remove_empty(const std::vector<fs::path>& parents) noexcept {
  for (const fs::path& parent : parents) {
    if (::rmdir(parent.c_str()) != 0) break;
  }
}

void remove_leftovers(const fs::path& target) noexcept {
  try {
    const std::string name = "." + target.filename().string();
    // A folder set aside is the only copy of its content until the new one has taken its place.
    const bool target_there = fs::exists(target);
    std::vector<fs::path> dead;
    for (const fs::directory_entry& entry : fs::directory_iterator(folder_of(target))) {
      const std::string found = entry.path().filename().string();
      if (left_by_dead_process(found, name + std::string(kPartial)) || left_by_dead_process(found, name + std::string(kRemoved)) ||
          (target_there && left_by_dead_process(found, name + std::string(kReplaced)))) {
        dead.push_back(entry.path());
      }
    }
    std::error_code ignored;
    for (const fs::path& path : dead) fs::remove_all(path, ignored);
  } catch (const std::exception&) {  // cleaning up is a courtesy: what the caller came for must not fail by it
  }
}

}  // namespace rolora
