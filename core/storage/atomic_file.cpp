// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/storage/atomic_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>

#include "core/base/error.h"
#include "core/storage/leftovers.h"
#include "core/storage/system_error.h"

namespace rolora {
namespace {

namespace fs = std::filesystem;

// Renaming over a link would replace the link, not what it leads to; over a device it would destroy the device node.
fs::path replaceable_file(const fs::path& target) {
  std::error_code failure;
  const fs::path real = fs::is_symlink(fs::symlink_status(target, failure)) ? fs::weakly_canonical(target, failure) : target;
  const fs::file_status status = fs::status(real, failure);
  if (fs::is_directory(status)) throw InputError(target.string(), "file", "a new or regular file", "a folder");
  if (fs::exists(status) && !fs::is_regular_file(status)) {
    throw InputError(target.string(), "file", "a new or regular file", "a device, pipe or socket");
  }
  if (real.filename().empty()) throw InputError(target.string(), "file", "a file name", "none");
  return real;
}

}  // namespace

void write_file_atomically(const fs::path& target, std::string_view bytes) {
  PendingFile pending(target);
  {
    FileDescriptor fd(::open(pending.path().c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666));
    if (!fd.open()) throw_write_failure(target, "create", errno);
    write_all(fd.get(), bytes.data(), bytes.size(), -1, target);
    if (const int code = fd.close(); code != 0) throw_write_failure(target, "write", code);
  }
  pending.commit();
}

void append_line(const fs::path& target, std::string_view line) {
  FileDescriptor fd(::open(target.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666));
  if (!fd.open()) throw_write_failure(target, "open", errno);
  const off_t before = ::lseek(fd.get(), 0, SEEK_END);
  std::string text(line);
  text += '\n';
  try {
    write_all(fd.get(), text.data(), text.size(), -1, target);
    if (::fdatasync(fd.get()) != 0 && errno != EINVAL) throw_write_failure(target, "flush to the disk", errno);
  } catch (const Error&) {
    if (before >= 0 && ::ftruncate(fd.get(), before) != 0) throw;  // no half line where that can be helped
    throw;
  }
}

std::string read_file(const fs::path& file, uint64_t limit) {
  const FileDescriptor fd(open_for_reading(file));
  struct stat info {};
  if (::fstat(fd.get(), &info) != 0) throw_read_failure(file, errno);
  const auto too_large = [&](const std::string& found) {
    throw InputError(file.string(), "file", "at most " + std::to_string(limit) + " bytes", found);
  };
  const bool regular = S_ISREG(info.st_mode);
  const uint64_t expected = regular ? static_cast<uint64_t>(info.st_size) : 0;
  if (expected > limit) too_large(std::to_string(expected));
  std::string bytes;
  size_t used = 0;
  bytes.resize(expected + 1);  // one more than the size: the read that finds the end needs no growth
  while (true) {
    if (used == bytes.size()) bytes.resize(std::max<size_t>(size_t{1} << 16, bytes.size() * 2));
    const ssize_t n = ::read(fd.get(), bytes.data() + used, std::min(bytes.size() - used, size_t{1} << 30));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) throw_read_failure(file, errno);
    if (n == 0) break;
    used += static_cast<size_t>(n);
    if (used > limit) too_large("more");
  }
  bytes.resize(used);
  return bytes;
}

PendingFile::PendingFile(fs::path target) : target_(replaceable_file(target)) {
  remove_leftovers(target_);
  temporary_ = partial_name(target_);
}

PendingFile::~PendingFile() {
  if (!committed_) ::unlink(temporary_.c_str());
}

void PendingFile::commit() {
  sync_path(temporary_);
  if (::rename(temporary_.c_str(), target_.c_str()) != 0) throw_write_failure(target_, "replace", errno);
  committed_ = true;
  sync_path(folder_of(target_));
}

}  // namespace rolora
