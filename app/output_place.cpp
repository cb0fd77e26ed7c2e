// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/output_place.h"

#include <unistd.h>

#include "core/base/error.h"

namespace rolora::app {
namespace {

namespace fs = std::filesystem;

// Links, "." and ".." resolved as far as the path exists, so that two spellings of one place compare equal.
fs::path place_of(const fs::path& path) {
  std::error_code failure;
  fs::path place = fs::weakly_canonical(fs::absolute(path), failure);
  if (failure) place = fs::absolute(path).lexically_normal();
  return place.filename().empty() ? place.parent_path() : place;
}

bool lies_in(const fs::path& inner, const fs::path& outer) {
  const fs::path relative = inner.lexically_relative(outer);
  return !relative.empty() && *relative.begin() != "..";
}

}  // namespace

void require_apart(const fs::path& out, const std::vector<fs::path>& inputs) {
  if (out.empty()) throw UsageError("--out: expected a name, found none");
  const fs::path target = place_of(out);
  for (const fs::path& input : inputs) {
    if (input.empty()) continue;
    const fs::path read = place_of(input);
    const std::string expected = printable(out.string()) + ": --out: expected a place apart from " + printable(input.string()) + ", found ";
    if (target == read) throw UsageError(expected + "the same");
    if (lies_in(target, read)) throw UsageError(expected + "one inside it");
    if (lies_in(read, target)) throw UsageError(expected + "one that holds it");
  }
}

void require_writable_file(const fs::path& out) {
  const fs::path folder = out.has_parent_path() ? out.parent_path() : ".";
  if (!fs::is_directory(folder)) throw InputError(out.string(), "--out", "a file in an existing folder", "no folder " + folder.string());
  if (::access(folder.c_str(), W_OK) != 0) throw InputError(out.string(), "--out", "a folder to write to", "no permission");
  if (fs::is_directory(out)) throw InputError(out.string(), "--out", "a file", "a folder");
}

}  // namespace rolora::app
