// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/storage/hdf5_structure.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <string_view>

#include "core/base/error.h"

namespace rolora {
namespace {

static_assert(std::endian::native == std::endian::little, "HDF5 stores its structure little-endian");

constexpr std::string_view kSignature = "\x89HDF\r\n\x1a\n";
constexpr size_t kSuperblockBytes = 48;
constexpr std::string_view kCollection = "GCOL\1";  // the library does not look at the three bytes behind
constexpr uint64_t kLeastCollection = 4096, kHeader = 16;

template <class Number>
uint64_t number_at(std::span<const std::byte> bytes, uint64_t at) {
  Number value = 0;
  std::memcpy(&value, bytes.data() + at, sizeof value);
  return value;
}

/// Objects of one collection; returns the bytes of the largest.
uint64_t walk(std::span<const std::byte> heap, uint64_t begin, const std::string& name) {
  uint64_t largest = 0;
  for (uint64_t at = kHeader; at + kHeader <= heap.size();) {  // a rest too short for a header is free
    const bool is_free = number_at<uint16_t>(heap, at) == 0;
    const uint64_t size = number_at<uint64_t>(heap, at + 8), left = heap.size() - at;
    // A free object counts its own header, the others do not, and they fill whole groups of eight bytes.
    const bool fits = is_free ? size >= kHeader && size <= left : size <= left - kHeader && (size + 7) / 8 * 8 <= left - kHeader;
    if (!fits) {
      throw InputError(name, "heap of texts at byte " + std::to_string(begin),
                       "objects one behind the other in its " + std::to_string(heap.size()) + " bytes",
                       (is_free ? "a free one of " : "one of ") + std::to_string(size) + " bytes at its byte " + std::to_string(at));
    }
    if (!is_free) largest = std::max(largest, size);
    at += is_free ? size : kHeader + (size + 7) / 8 * 8;
  }
  return largest;
}

}  // namespace

void check_hdf5_superblock(std::span<const std::byte> file, const std::string& name) {
  if (file.size() < kSuperblockBytes || std::memcmp(file.data(), kSignature.data(), kSignature.size()) != 0) {
    throw InputError(name, "file", "an HDF5 file", file.size() < kSuperblockBytes ? std::to_string(file.size()) + " bytes" : "other bytes");
  }
  const auto at = [&](size_t i) { return std::to_integer<int>(file[i]); };
  if (at(8) != 2) throw InputError(name, "superblock", "version 2", "version " + std::to_string(at(8)));
  if (at(9) != 8 || at(10) != 8) {
    throw InputError(name, "superblock", "addresses and lengths of 8 bytes", std::to_string(at(9)) + " and " + std::to_string(at(10)));
  }
}

uint64_t check_hdf5_heaps(std::span<const std::byte> file, const std::string& name) {
  uint64_t largest = 0, last_end = 0;
  for (uint64_t from = 0; from < file.size();) {
    const void* found = ::memmem(file.data() + from, file.size() - from, kCollection.data(), kCollection.size());
    if (found == nullptr) break;
    const auto begin = static_cast<uint64_t>(static_cast<const std::byte*>(found) - file.data());
    from = begin + 1;
    if (file.size() - begin < kHeader) break;
    const uint64_t size = number_at<uint64_t>(file, begin + 8);
    if (size > file.size() - begin) continue;
    if (size < kLeastCollection) {
      throw InputError(name, "heap of texts at byte " + std::to_string(begin), "at least " + std::to_string(kLeastCollection) + " bytes",
                       std::to_string(size));
    }
    if (begin < last_end) {  // also keeps the time of this within the file's size
      throw InputError(name, "heap of texts at byte " + std::to_string(begin), "heaps beside each other", "one within another");
    }
    last_end = begin + size;
    largest = std::max(largest, walk(file.subspan(begin, size), begin, name));
  }
  return largest;
}

}  // namespace rolora
