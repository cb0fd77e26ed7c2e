// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>

namespace rolora {

/// A file in a folder without a name there: however the process ends, kill included, nothing is left behind. Maps of it outlive this
/// object.
class UnnamedFile {
 public:
  /// Error (DeviceError without space) naming the folder when it cannot be made there.
  explicit UnnamedFile(const std::filesystem::path& folder);
  ~UnnamedFile();
  UnnamedFile(const UnnamedFile&) = delete;
  UnnamedFile& operator=(const UnnamedFile&) = delete;
  /// A path that opens it, while this object lives, for this process alone.
  std::filesystem::path path() const;
  const std::filesystem::path& folder() const { return folder_; }

 private:
  std::filesystem::path folder_;
  int fd_ = -1;
};

/// Where temporary files go: $TMPDIR, else /tmp. InputError when that is no folder.
std::filesystem::path temporary_folder();

}  // namespace rolora
