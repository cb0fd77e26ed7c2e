// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <vector>

namespace rolora {

/// Holds a lock file, so that two processes never write one folder. The system releases it with the process: the lock of a process that
/// died is taken over. The file holds the process number for messages and goes away with the lock.
class RunLock {
 public:
  /// Holds FOLDER/lock. InputError (FOLDER, "lock") naming the process that works on the folder.
  explicit RunLock(const std::filesystem::path& folder);
  /// Holds `.TARGET.lock` beside a folder that is still to come or will be replaced as a whole, one and the same by whatever path or link
  /// the target is named. Missing parents are made, and removed again where nothing was put. InputError as above.
  static RunLock beside(const std::filesystem::path& target);
  ~RunLock();
  RunLock(const RunLock&) = delete;
  RunLock& operator=(const RunLock&) = delete;

 private:
  RunLock(std::filesystem::path file, const std::filesystem::path& shown);
  void take(const std::filesystem::path& shown);

  std::filesystem::path file_;
  std::vector<std::filesystem::path> made_parents_;
  int descriptor_ = -1;
};

inline constexpr const char* kLockFile = "lock";

}  // namespace rolora
