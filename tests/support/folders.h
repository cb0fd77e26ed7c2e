// SPDX-License-Identifier: GPL-3.0-or-later
// Folders of a test: a temporary one that removes itself, the project's sources, and the reference models beside them.
#pragma once

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <string>

namespace rolora::test {

class TempFolder {
 public:
  TempFolder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "rolora-test-XXXXXX").string();
    if (!mkdtemp(pattern.data())) throw std::runtime_error("no temporary folder");
    path_ = pattern;
  }
  ~TempFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;
  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path operator/(const std::string& name) const { return path_ / name; }

 private:
  std::filesystem::path path_;
};

/// The project's folder.
inline std::filesystem::path source_folder() {
  const char* given = std::getenv("ROLORA_SOURCE");
  return given ? given : ".";
}

/// Reference models and numbers made by other people's libraries, beside the project; tests that need them skip where they are not.
inline std::filesystem::path shared_folder() { return source_folder() / ".." / "shared"; }

inline void write_text(const std::filesystem::path& file, const std::string& text) { std::ofstream(file, std::ios::binary) << text; }

inline std::string read_text(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

}  // namespace rolora::test

/// Skips the test where something under ../shared is not there.
#define ROLORA_NEEDS_SHARED(RELATIVE)                                                                        \
  if (!std::filesystem::exists(rolora::test::shared_folder() / (RELATIVE))) {                                \
    GTEST_SKIP() << "missing: " << (rolora::test::shared_folder() / (RELATIVE)).lexically_normal().string(); \
  }
