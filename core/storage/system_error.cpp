// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/storage/system_error.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string>
#include <system_error>

#include "core/base/error.h"

namespace rolora {

void throw_write_failure(const std::filesystem::path& file, std::string_view action, int code) {
  const std::string message =
      file.string() + ": cannot " + std::string(action) + ": " + std::generic_category().message(code);  // thread-safe strerror
  if (code == ENOSPC || code == EDQUOT || code == EFBIG) throw DeviceError(message);
  throw Error(message);
}

void throw_read_failure(const std::filesystem::path& file, int code) {
  throw InputError(file.string(), "file", "a readable file", std::generic_category().message(code));
}

FileDescriptor::~FileDescriptor() {
  if (fd_ >= 0) ::close(fd_);
}

int FileDescriptor::close() {
  const int fd = fd_;
  fd_ = -1;
  return fd >= 0 && ::close(fd) != 0 ? errno : 0;
}

int open_for_reading(const std::filesystem::path& file) {
  // Opening a pipe that nobody writes would wait for ever; open, it reads as empty. One that has a writer is waited for, as by every
  // program that takes a shell's <(…).
  const int fd = ::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) throw_read_failure(file, errno);
  ::fcntl(fd, F_SETFL, O_RDONLY);
  struct stat info {};
  if (::fstat(fd, &info) != 0 || S_ISDIR(info.st_mode)) {
    const int code = S_ISDIR(info.st_mode) ? EISDIR : errno;
    ::close(fd);
    throw_read_failure(file, code);
  }
  return fd;
}

void write_all(int fd, const char* data, size_t size, int64_t offset, const std::filesystem::path& name) {
  constexpr size_t kMost = size_t{1} << 30;  // Linux writes at most 2 GiB a call
  while (size > 0) {
    const size_t part = std::min(size, kMost);
    const ssize_t n = offset < 0 ? ::write(fd, data, part) : ::pwrite(fd, data, part, offset);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) throw_write_failure(name, "write", n == 0 ? ENOSPC : errno);
    data += n;
    size -= static_cast<size_t>(n);
    if (offset >= 0) offset += n;
  }
}

void sync_path(const std::filesystem::path& path) {
  FileDescriptor fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd.open()) throw_write_failure(path, "open", errno);
  // Some file systems cannot sync a folder and say EINVAL: there is nothing more that could be done there.
  if (::fsync(fd.get()) != 0 && errno != EINVAL) throw_write_failure(path, "flush to the disk", errno);
}

}  // namespace rolora
