// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/storage/unnamed_file.h"

#include <fcntl.h>
#include <stdlib.h>  // mkostemp
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <string>
#include <system_error>

#include "core/base/error.h"
#include "core/storage/system_error.h"

namespace rolora {

UnnamedFile::UnnamedFile(const std::filesystem::path& folder) : folder_(folder) {
  fd_ = ::open(folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  if (fd_ >= 0) return;
  if (errno != EOPNOTSUPP && errno != EISDIR && errno != ENOENT && errno != EINVAL) throw_write_failure(folder, "create a file", errno);
  // A file system without nameless files: take the name away at once.
  std::string name = (folder / ".rolora-XXXXXX").string();
  fd_ = ::mkostemp(name.data(), O_CLOEXEC);
  if (fd_ < 0) throw_write_failure(folder, "create a file", errno);
  ::unlink(name.c_str());
}

UnnamedFile::~UnnamedFile() { ::close(fd_); }

std::filesystem::path UnnamedFile::path() const { return "/proc/self/fd/" + std::to_string(fd_); }

std::filesystem::path temporary_folder() {
  const char* given = std::getenv("TMPDIR");
  const std::filesystem::path folder = given != nullptr && *given != '\0' ? given : "/tmp";
  std::error_code failure;
  if (!std::filesystem::is_directory(folder, failure))
    throw InputError("TMPDIR", "folder", "an existing folder", printable(folder.string()));
  return folder;
}

}  // namespace rolora
