// SPDX-License-Identifier: GPL-3.0-or-later
// Turns errno of a failed system call into this program's errors; private to storage.
#pragma once

#include <filesystem>
#include <string_view>

namespace rolora {

/// Throws for a failed write-side call: DeviceError when the machine lacks space, Error otherwise; "FILE: cannot ACTION: REASON".
[[noreturn]] void throw_write_failure(const std::filesystem::path& file, std::string_view action, int code);

/// Throws the InputError of a file that cannot be opened or read: "FILE: file: expected a readable file, found REASON".
[[noreturn]] void throw_read_failure(const std::filesystem::path& file, int code);

/// A descriptor that closes itself.
class FileDescriptor {
 public:
  explicit FileDescriptor(int fd = -1) : fd_(fd) {}
  ~FileDescriptor();
  FileDescriptor(const FileDescriptor&) = delete;
  FileDescriptor& operator=(const FileDescriptor&) = delete;
  int get() const { return fd_; }
  bool open() const { return fd_ >= 0; }
  /// Closes now and returns close()'s errno (0 when it worked): some file systems report a failed write only here.
  int close();

 private:
  int fd_;
};

/// Opens for reading; InputError when that fails or `file` is a folder.
int open_for_reading(const std::filesystem::path& file);

/// Writes all bytes at `offset` (-1: at the current position); throws by throw_write_failure for `name`.
void write_all(int fd, const char* data, size_t size, int64_t offset, const std::filesystem::path& name);

/// Flushes a file or folder to the disk.
void sync_path(const std::filesystem::path& path);

}  // namespace rolora
