// SPDX-License-Identifier: GPL-3.0-or-later
#include <fcntl.h>
#include <stdio.h>  // renameat2
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

#include "core/base/error.h"
#include "core/storage/atomic_file.h"
#include "core/storage/leftovers.h"
#include "core/storage/system_error.h"

namespace rolora {
namespace {

namespace fs = std::filesystem;

// "out/", "./out" and a link to a folder all mean the folder itself; the path becomes absolute so that a later chdir does not matter.
fs::path resolved(const fs::path& target) {
  std::error_code failure;
  fs::path path = fs::absolute(target, failure).lexically_normal();
  if (path.filename().empty()) path = path.parent_path();
  if (fs::is_symlink(fs::symlink_status(path, failure))) path = fs::weakly_canonical(path, failure);
  return path;
}

bool contains(const fs::path& folder, const fs::path& inner) {
  if (inner.empty()) return false;
  std::error_code failure;
  const fs::path relative = fs::weakly_canonical(inner, failure).lexically_relative(fs::weakly_canonical(folder, failure));
  return !relative.empty() && *relative.begin() != "..";
}

// Replacing a folder removes what is in it: never the folder one stands in, nor the home folder.
void refuse_precious(const fs::path& target, const fs::path& shown) {
  std::error_code failure;
  const char* home = std::getenv("HOME");
  if (contains(target, fs::current_path(failure)) || (home != nullptr && contains(target, home))) {
    throw InputError(shown.string(), "--out", "a folder of its own",
                     "one that holds the current or the home folder, which --force would remove");
  }
}

void sync_tree(const fs::path& folder) {
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.is_symlink()) continue;
    if (entry.is_regular_file() || entry.is_directory()) sync_path(entry.path());
  }
  sync_path(folder);
}

bool unsupported(int code) { return code == EINVAL || code == ENOSYS || code == ENOTSUP; }

void place_new(const fs::path& from, const fs::path& to) {
  if (::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE) == 0) return;
  if (errno == EEXIST) throw InputError(to.string(), "--out", "a new folder", "one that appeared meanwhile (use --force to replace it)");
  if (!unsupported(errno) || ::rename(from.c_str(), to.c_str()) != 0) throw_write_failure(to, "create", errno);
}

// Afterwards the old content waits under the returned name.
fs::path exchange(const fs::path& from, const fs::path& to) {
  if (::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_EXCHANGE) == 0) return from;
  if (!unsupported(errno)) throw_write_failure(to, "replace", errno);
  const fs::path aside = replaced_name(to);
  if (::rename(to.c_str(), aside.c_str()) != 0) throw_write_failure(to, "replace", errno);
  if (::rename(from.c_str(), to.c_str()) != 0) {
    const int code = errno;
    if (::rename(aside.c_str(), to.c_str()) != 0) throw_write_failure(to, "put back from " + aside.string(), errno);
    throw_write_failure(to, "replace", code);
  }
  return aside;
}

}  // namespace

PendingFolder::PendingFolder(fs::path target, bool force) : target_(resolved(target)), force_(force) {
  if (target_.filename().empty()) throw InputError(target.string(), "--out", "a folder name", "none");
  std::error_code failure;
  const fs::file_status status = fs::symlink_status(target_, failure);
  if (fs::exists(status)) {
    if (!fs::is_directory(status)) throw InputError(target.string(), "--out", "a new folder", "something there that is no folder");
    if (!force) throw InputError(target.string(), "--out", "a new folder", "an existing one (use --force to replace it)");
    refuse_precious(target_, target);
  }
  created_parents_ = make_parents(target_);
  remove_leftovers(target_);
  temporary_ = partial_name(target_);
  fs::remove_all(temporary_, failure);  // of an earlier process with this number
  if (::mkdir(temporary_.c_str(), 0777) != 0) throw_write_failure(target_, "create the folder", errno);
}

PendingFolder::~PendingFolder() {
  if (committed_) return;
  std::error_code ignored;
  fs::remove_all(temporary_, ignored);
  remove_empty(created_parents_);
}

void PendingFolder::commit() {
  try {
    sync_tree(temporary_);
  } catch (const fs::filesystem_error& e) {
    throw_write_failure(target_, "flush to the disk", e.code().value());
  }
  std::error_code ignored;
  if (force_ && fs::exists(fs::symlink_status(target_, ignored))) {
    const fs::path old = exchange(temporary_, target_);
    committed_ = true;
    sync_path(folder_of(target_));
    fs::remove_all(old, ignored);
  } else {
    place_new(temporary_, target_);
    committed_ = true;
    sync_path(folder_of(target_));
  }
}

void remove_folder(const fs::path& target) {
  const fs::path folder = resolved(target), aside = removed_name(folder);
  remove_leftovers(folder);
  std::error_code failure;
  fs::remove_all(aside, failure);  // of an earlier process with this number
  if (!fs::exists(fs::symlink_status(folder, failure))) return;
  if (::rename(folder.c_str(), aside.c_str()) != 0) throw_write_failure(target, "remove", errno);
  sync_path(folder_of(folder));
  fs::remove_all(aside, failure);
  if (failure) throw_write_failure(aside, "remove", failure.value());
}

}  // namespace rolora
