// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>

namespace rolora {

/// Holds FOLDER/lock, so that two runs never write one folder. The system releases it with the process: the lock of a process that died is
/// taken over. The file holds the process number for messages and goes away with the lock.
class RunLock {
 public:
  /// Error naming the process that works on the folder.
  explicit RunLock(const std::filesystem::path& folder);
  ~RunLock();
  RunLock(const RunLock&) = delete;
  RunLock& operator=(const RunLock&) = delete;

 private:
  std::filesystem::path file_;
  int descriptor_ = -1;
};

inline constexpr const char* kLockFile = "lock";

}  // namespace rolora
