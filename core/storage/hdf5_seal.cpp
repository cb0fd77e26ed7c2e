// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/storage/hdf5_seal.h"

#include <string_view>

#include "core/base/error.h"
#include "core/storage/atomic_file.h"
#include "core/storage/sha256.h"

namespace rolora {
namespace {

constexpr std::string_view kMark = "\nsha256 of all before: ";
constexpr size_t kHexDigits = 64;
constexpr size_t kSealBytes = kMark.size() + kHexDigits + 1;  // and a newline

}  // namespace

void seal_hdf5(const std::filesystem::path& file) { append_line(file, std::string(kMark) + sha256_of_file(file)); }

void check_hdf5_seal(std::span<const std::byte> bytes, const std::string& name) {
  const size_t content = bytes.size() < kSealBytes ? 0 : bytes.size() - kSealBytes;
  const std::string_view seal(reinterpret_cast<const char*>(bytes.data()) + content, bytes.size() - content);
  if (seal.size() != kSealBytes || !seal.starts_with(kMark) || !seal.ends_with('\n')) {
    throw InputError(name, "file", "the line with its checksum that rolora writes at the end",
                     "none: the file is cut short, or another program wrote it or wrote into it (h5py's mode r+ drops the line)");
  }
  Sha256 hash;
  hash.add(bytes.first(content));
  if (hash.hex() != seal.substr(kMark.size(), kHexDigits)) {
    throw InputError(name, "file", "the bytes that were saved", "others: the checksum at its end differs (a damaged file)");
  }
}

}  // namespace rolora
