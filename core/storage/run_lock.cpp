// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/storage/run_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>

#include "core/base/error.h"
#include "core/storage/leftovers.h"

namespace rolora {
namespace {

// The owner removes the file when it is done; a lock on a file that is gone protects nothing.
bool still_there(int descriptor, const std::filesystem::path& file) {
  struct stat held = {}, named = {};
  return ::fstat(descriptor, &held) == 0 && ::stat(file.c_str(), &named) == 0 && held.st_ino == named.st_ino && held.st_dev == named.st_dev;
}

std::string process_in(int descriptor) {
  char text[32] = {};
  const ssize_t n = ::pread(descriptor, text, sizeof text - 1, 0);
  const std::string process(text, n > 0 ? static_cast<size_t>(n) : 0);
  return process.empty() ? "another process" : "process " + process;
}

}  // namespace

RunLock::RunLock(const std::filesystem::path& folder) : RunLock(folder / kLockFile, folder) {}

RunLock::RunLock(std::filesystem::path file, const std::filesystem::path& shown)
    : file_(std::move(file)), made_parents_(make_parents(file_)) {
  try {
    take(shown);
  } catch (...) {
    remove_empty(made_parents_);
    throw;
  }
}

RunLock RunLock::beside(const std::filesystem::path& target) {
  std::filesystem::path real = std::filesystem::weakly_canonical(std::filesystem::absolute(target));
  if (real.filename().empty()) real = real.parent_path();
  if (real.filename().empty()) throw InputError(target.string(), "--out", "a folder name", "none");
  return RunLock(real.parent_path() / ("." + real.filename().string() + ".lock"), target);
}

void RunLock::take(const std::filesystem::path& shown) {
  for (;;) {
    descriptor_ = ::open(file_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (descriptor_ < 0) throw Error(file_.string() + ": cannot create: " + std::strerror(errno));
    if (::flock(descriptor_, LOCK_EX | LOCK_NB) != 0) {
      const int code = errno;
      const std::string process = process_in(descriptor_);
      ::close(descriptor_);
      if (code != EWOULDBLOCK) throw Error(file_.string() + ": cannot lock: " + std::strerror(code));
      throw InputError(shown.string(), "lock", "no other run at work on this folder", process);
    }
    if (still_there(descriptor_, file_)) break;
    ::close(descriptor_);
  }
  const std::string process = std::to_string(::getpid());
  const bool written =
      ::ftruncate(descriptor_, 0) == 0 && ::pwrite(descriptor_, process.data(), process.size(), 0) == static_cast<ssize_t>(process.size());
  if (!written) {
    const int code = errno;
    ::close(descriptor_);
    throw Error(file_.string() + ": cannot write: " + std::strerror(code));
  }
}

RunLock::~RunLock() {
  ::unlink(file_.c_str());
  ::close(descriptor_);
  remove_empty(made_parents_);
}

}  // namespace rolora
