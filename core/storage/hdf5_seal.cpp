// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/storage/hdf5_seal.h"

#include <algorithm>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.h"
#include "core/storage/atomic_file.h"
#include "core/storage/sha256.h"

namespace rolora {
namespace {

constexpr std::string_view kMark = "\nsha256 of all before: ";
constexpr size_t kHexDigits = 64;
constexpr size_t kSealBytes = kMark.size() + kHexDigits + 1;  // and a newline

std::string hash_of_front(std::ifstream& in, uint64_t bytes) {
  std::vector<char> buffer(size_t{1} << 20);
  Sha256 hash;
  while (bytes > 0 && in) {
    in.read(buffer.data(), static_cast<std::streamsize>(std::min<uint64_t>(bytes, buffer.size())));
    hash.add(std::string_view(buffer.data(), static_cast<size_t>(in.gcount())));
    bytes -= static_cast<uint64_t>(in.gcount());
  }
  return hash.hex();
}

}  // namespace

void seal_hdf5(const std::filesystem::path& file) { append_line(file, std::string(kMark) + sha256_of_file(file)); }

void check_hdf5_seal(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary | std::ios::ate);
  const auto size = static_cast<std::streamoff>(in.tellg());
  if (!in || size < static_cast<std::streamoff>(kSealBytes)) return;
  const std::streamoff content = size - static_cast<std::streamoff>(kSealBytes);
  std::string seal(kSealBytes, '\0');
  in.seekg(content).read(seal.data(), static_cast<std::streamsize>(seal.size()));
  if (!in || !seal.starts_with(kMark) || !seal.ends_with('\n')) return;
  in.seekg(0);
  if (hash_of_front(in, static_cast<uint64_t>(content)) != seal.substr(kMark.size(), kHexDigits)) {
    throw InputError(file.string(), "file", "the bytes that were saved", "others: the checksum at its end differs (a damaged file)");
  }
}

}  // namespace rolora
