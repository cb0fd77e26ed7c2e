// SPDX-License-Identifier: GPL-3.0-or-later
// Saving: temporary name beside the target, fsync, rename. A reader never sees a half file or a half folder.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace rolora {

/// Replaces `target` atomically. Throws Error naming the file and the system's reason (no permission; DeviceError when there is no space)
/// and leaves nothing behind. A link is followed; a folder or a device as target is refused.
void write_file_atomically(const std::filesystem::path& target, std::string_view bytes);

/// Appends one line and flushes it to the disk (event logs).
void append_line(const std::filesystem::path& target, std::string_view line);

/// Reads a whole file of at most `limit` bytes; InputError otherwise.
std::string read_file(const std::filesystem::path& file, uint64_t limit = 1ull << 32);

/// Removes what processes that no longer live left under temporary names of this target. Failures are left for the next time.
void remove_leftovers(const std::filesystem::path& target) noexcept;

/// Removes a folder, if it is there, so that nobody ever finds half of it under its name: it is renamed first. Throws Error naming the
/// folder; what a kill leaves under the other name goes by remove_leftovers.
void remove_folder(const std::filesystem::path& target);

/// An output file written under a temporary name; `commit()` fsyncs and renames. Destroyed without commit it removes the temporary.
class PendingFile {
 public:
  explicit PendingFile(std::filesystem::path target);
  ~PendingFile();
  PendingFile(const PendingFile&) = delete;
  PendingFile& operator=(const PendingFile&) = delete;
  const std::filesystem::path& path() const { return temporary_; }
  void commit();

 private:
  std::filesystem::path target_, temporary_;
  bool committed_ = false;
};

/// An output folder written under a temporary name beside its target (missing parents are made). An existing target is refused unless
/// `force`, and is replaced, whole, only by `commit()`; a folder that holds the current or the home folder is never replaced. Destroyed
/// without commit it leaves nothing behind. What a killed process left under the same target's temporary names is removed on construction.
class PendingFolder {
 public:
  PendingFolder(std::filesystem::path target, bool force);
  ~PendingFolder();
  PendingFolder(const PendingFolder&) = delete;
  PendingFolder& operator=(const PendingFolder&) = delete;
  const std::filesystem::path& path() const { return temporary_; }
  void commit();

 private:
  std::filesystem::path target_, temporary_;
  std::vector<std::filesystem::path> created_parents_;  // innermost first; removed again when nothing is committed
  bool force_ = false, committed_ = false;
};

}  // namespace rolora
