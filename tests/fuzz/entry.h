// SPDX-License-Identifier: GPL-3.0-or-later
// What all fuzz entries share: a reader may accept its input or throw one of the typed errors with a message of one line; everything else
// (another exception, a signal, a sanitizer's report, too much time or memory) is a finding of libFuzzer.
#pragma once

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <string>
#include <string_view>

#include "core/base/error.h"

namespace rolora::fuzz {

/// Ends the program as a crash would, with the input in libFuzzer's hands.
[[noreturn]] inline void finding(const char* what, std::string_view shown) {
  std::fprintf(stderr, "finding: %s: %.*s\n", what, static_cast<int>(shown.size()), shown.data());
  __builtin_trap();
}

template <class Read>
int expect_typed(Read&& read) {
  try {
    read();
  } catch (const Error& e) {
    const std::string_view text = e.what();
    if (text.empty() || text.find('\n') != std::string_view::npos) finding("an error that is not one line", text);
  }
  return 0;
}

inline std::string_view as_text(const uint8_t* data, size_t size) { return {reinterpret_cast<const char*>(data), size}; }

/// A folder in memory where a file system there is (/dev/shm), for readers that take a path. Left to the system at the end: libFuzzer ends
/// by _exit. With ROLORA_FUZZ_HERE in the environment it lies in the current folder, so that its path is the same each time.
class Folder {
 public:
  Folder() {
    const char* place = std::filesystem::exists("/dev/shm") ? "/dev/shm/rolora-fuzz-XXXXXX" : "/tmp/rolora-fuzz-XXXXXX";
    static int count = 0;
    if (std::getenv("ROLORA_FUZZ_HERE") != nullptr) {
      std::snprintf(pattern_, sizeof pattern_, "inputs-%d", count++);
      std::filesystem::create_directory(pattern_);
      return;
    }
    std::strncpy(pattern_, place, sizeof pattern_ - 1);
    if (::mkdtemp(pattern_) == nullptr) finding("no temporary folder", place);
  }
  std::filesystem::path write(const char* name, std::string_view bytes) const {
    const std::filesystem::path file = std::filesystem::path(pattern_) / name;
    const int fd = ::open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (fd < 0 || ::write(fd, bytes.data(), bytes.size()) != static_cast<ssize_t>(bytes.size())) finding("writing failed", file.native());
    ::close(fd);
    return file;
  }
  std::filesystem::path path() const { return pattern_; }

 private:
  char pattern_[64] = {};
};

/// Two files in one input: the first begins with its length (four bytes, little-endian), cut to what is there.
struct Pair {
  std::string_view first, second;
};
inline Pair split(std::string_view input) {
  uint32_t length = 0;
  if (input.size() < sizeof length) return {input, {}};
  std::memcpy(&length, input.data(), sizeof length);
  input.remove_prefix(sizeof length);
  return {input.substr(0, length), input.substr(input.size() < length ? input.size() : length)};
}

}  // namespace rolora::fuzz
