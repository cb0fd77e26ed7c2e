// SPDX-License-Identifier: GPL-3.0-or-later
// After PKWARE's APPNOTE 6.3.10: end of central directory (4.3.16), its zip64 form (4.3.14, 4.3.15), directory headers (4.3.12), local
// headers (4.3.7), zip64 sizes (4.5.3).
#include "core/storage/zip_directory.h"

#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/error.h"
#include "core/storage/pickle.h"

namespace rolora {
namespace {

constexpr uint32_t kLocal = 0x04034b50, kHeader = 0x02014b50, kEnd = 0x06054b50, kEnd64 = 0x06064b50, kLocator64 = 0x07064b50;
constexpr uint64_t kMostDirectory = 64u << 20, kMostMembers = 1'000'000;
constexpr uint64_t kIn64 = 0xffffffff;  // "see the zip64 form"

class Archive {
 public:
  Archive(std::span<const std::byte> bytes, const std::string& file) : bytes_(bytes), file_(file) {}
  [[noreturn]] void refuse(std::string_view key, std::string_view expected, std::string_view found) const {
    throw InputError(file_, key, expected, found);
  }
  const std::string& file() const { return file_; }
  uint64_t size() const { return bytes_.size(); }
  uint64_t number(uint64_t at, int count) const {
    if (at > bytes_.size() || bytes_.size() - at < static_cast<uint64_t>(count))
      refuse("zip", "headers within the file", "one that leaves it");
    uint64_t value = 0;
    for (int i = count; i-- > 0;) value = value << 8 | std::to_integer<uint64_t>(bytes_[at + static_cast<uint64_t>(i)]);
    return value;
  }
  std::string text(uint64_t at, uint64_t count) const {
    if (at > bytes_.size() || bytes_.size() - at < count) refuse("zip", "names within the file", "one that leaves it");
    return {reinterpret_cast<const char*>(bytes_.data()) + at, static_cast<size_t>(count)};
  }

 private:
  std::span<const std::byte> bytes_;
  std::string file_;
};

struct Directory {
  uint64_t begin, size, members;
};

/// The end record lies in the last 22 … 65557 bytes.
uint64_t find_end(const Archive& archive) {
  constexpr uint64_t kRecord = 22, kMostComment = 65535;
  if (archive.size() < kRecord) archive.refuse("zip", "an archive of at least 22 bytes", std::to_string(archive.size()) + " bytes");
  const uint64_t last = archive.size() - kRecord, first = last > kMostComment ? last - kMostComment : 0;
  for (uint64_t at = last + 1; at-- > first;) {
    if (archive.number(at, 4) == kEnd && at + kRecord + archive.number(at + 20, 2) == archive.size()) return at;
  }
  archive.refuse("zip", "a directory at the end of the file", "none (a truncated file?)");
}

Directory find_directory(const Archive& archive) {
  const uint64_t end = find_end(archive);
  if (archive.number(end + 4, 2) != archive.number(end + 6, 2)) archive.refuse("zip", "an archive in one part", "several");
  Directory found{archive.number(end + 16, 4), archive.number(end + 12, 4), archive.number(end + 10, 2)};
  constexpr uint64_t kLocatorSize = 20;
  if (end >= kLocatorSize && archive.number(end - kLocatorSize, 4) == kLocator64) {
    const uint64_t at = archive.number(end - kLocatorSize + 8, 8);
    if (archive.number(at, 4) != kEnd64) archive.refuse("zip", "the zip64 directory where it is said to be", "other bytes");
    found = {archive.number(at + 48, 8), archive.number(at + 40, 8), archive.number(at + 32, 8)};
  }
  if (found.begin > end || found.size > end - found.begin) archive.refuse("zip", "a directory within the file", "one that leaves it");
  if (found.size > kMostDirectory || found.members > kMostMembers) {
    archive.refuse("zip", "a directory of at most 64 MiB and a million members", std::to_string(found.members) + " members");
  }
  return found;
}

struct Header {
  std::string name;
  uint64_t size, packed, local, flags, method, length;
};

/// In the extra field, eight bytes for each of those sizes that did not fit, in this order.
void read_zip64(const Archive& archive, uint64_t extra, uint64_t extra_size, Header& header) {
  for (uint64_t at = extra; at + 4 <= extra + extra_size;) {
    const uint64_t id = archive.number(at, 2), size = archive.number(at + 2, 2);
    uint64_t next = at + 4;
    if (id == 1) {
      for (uint64_t* value : {&header.size, &header.packed, &header.local}) {
        if (*value != kIn64) continue;
        if (next + 8 > at + 4 + size) archive.refuse(printable(header.name), "its zip64 sizes", "too few bytes");
        *value = archive.number(next, 8);
        next += 8;
      }
      return;
    }
    at += 4 + size;
  }
}

Header read_header(const Archive& archive, uint64_t at) {
  if (archive.number(at, 4) != kHeader) archive.refuse("zip", "a directory entry", "other bytes");
  const uint64_t name = archive.number(at + 28, 2), extra = archive.number(at + 30, 2), comment = archive.number(at + 32, 2);
  Header header{archive.text(at + 46, name), archive.number(at + 24, 4), archive.number(at + 20, 4), archive.number(at + 42, 4),
                archive.number(at + 8, 2),   archive.number(at + 10, 2), 46 + name + extra + comment};
  read_zip64(archive, at + 46 + name, extra, header);
  return header;
}

ZipMember place_of(const Archive& archive, const Header& header) {
  const std::string name = printable(header.name);
  if (header.name.find("/code/") != std::string::npos) {
    throw ForPytorch(archive.file(), name, "weights alone", "a program beside them (TorchScript)", true);
  }
  if ((header.flags & 1) != 0) archive.refuse(name, "a member that is not encrypted", "an encrypted one");
  if (header.method != 0 || header.size != header.packed) archive.refuse(name, "a member that is stored as it is", "a compressed one");
  if (archive.number(header.local, 4) != kLocal) archive.refuse(name, "its header where the directory says", "other bytes");
  const uint64_t name_size = archive.number(header.local + 26, 2), extra = archive.number(header.local + 28, 2);
  if (archive.text(header.local + 30, name_size) != header.name)
    archive.refuse(name, "the same name in the directory and the member", "two");
  const uint64_t begin = header.local + 30 + name_size + extra;
  if (begin > archive.size() || header.size > archive.size() - begin) {
    archive.refuse(name, std::to_string(header.size) + " bytes within the file", "fewer (a truncated file?)");
  }
  return {begin, header.size};
}

void refuse_overlaps(const Archive& archive, const std::map<std::string, ZipMember>& members) {
  std::vector<std::pair<ZipMember, const std::string*>> sorted;
  for (const auto& [name, member] : members) {
    if (member.size > 0) sorted.emplace_back(member, &name);
  }
  std::sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) { return a.first.begin < b.first.begin; });
  for (size_t i = 1; i < sorted.size(); ++i) {
    if (sorted[i - 1].first.begin + sorted[i - 1].first.size <= sorted[i].first.begin) continue;
    archive.refuse(printable(*sorted[i].second), "bytes of its own", "bytes of " + printable(*sorted[i - 1].second) + " too");
  }
}

}  // namespace

std::map<std::string, ZipMember> read_zip_directory(std::span<const std::byte> bytes, const std::string& file) {
  const Archive archive(bytes, file);
  const Directory directory = find_directory(archive);
  std::map<std::string, ZipMember> members;
  uint64_t at = directory.begin;
  const uint64_t end = directory.begin + directory.size;
  for (uint64_t i = 0; i < directory.members; ++i) {
    if (at >= end) archive.refuse("zip", std::to_string(directory.members) + " members", std::to_string(i));
    const Header header = read_header(archive, at);
    if (!members.emplace(header.name, place_of(archive, header)).second) archive.refuse(printable(header.name), "each name once", "twice");
    at += header.length;
  }
  if (at != end) archive.refuse("zip", "a directory that ends with its last member", "other bytes");
  refuse_overlaps(archive, members);
  return members;
}

}  // namespace rolora
