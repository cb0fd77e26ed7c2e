// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "tests/support/folders.h"

namespace rolora::test {

/// Writes a file, making its folder.
inline void put(const std::filesystem::path& file, const std::string& text) {
  std::filesystem::create_directories(file.parent_path());
  write_text(file, text);
}

/// Every file and folder below a folder with its bytes, but events.jsonl (the log with times).
inline std::map<std::string, std::string> bytes_of_tree(const std::filesystem::path& folder) {
  std::map<std::string, std::string> files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    const std::string name = std::filesystem::relative(entry.path(), folder).string();
    if (entry.is_directory()) {
      files[name + "/"] = "";
    } else if (name != "events.jsonl") {
      files[name] = read_text(entry.path());
    }
  }
  return files;
}

/// Names of what differs between two trees, for messages.
inline std::string tree_difference(const std::map<std::string, std::string>& a, const std::map<std::string, std::string>& b) {
  std::string names;
  for (const auto& [name, bytes] : a) {
    const auto other = b.find(name);
    if (other == b.end())
      names += " " + name + " (only in the first)";
    else if (other->second != bytes)
      names += " " + name + " (other bytes)";
  }
  for (const auto& [name, bytes] : b) {
    if (!a.contains(name)) names += " " + name + " (only in the second)";
  }
  return names;
}

}  // namespace rolora::test
