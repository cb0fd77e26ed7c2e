// SPDX-License-Identifier: GPL-3.0-or-later
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <bit>
#include <cerrno>
#include <cstring>
#include <utility>

#include "core/base/error.h"
#include "core/storage/safetensors.h"
#include "core/storage/safetensors_header.h"
#include "core/storage/system_error.h"

namespace rolora {

static_assert(std::endian::native == std::endian::little, "the container is little-endian and its bytes are used as they lie");

struct SafetensorsFile::Map {
  std::filesystem::path path;
  const std::byte* base = nullptr;
  uint64_t size = 0, data_begin = 0;
  SafetensorsHeader header;

  Map() = default;
  Map(const Map&) = delete;
  Map& operator=(const Map&) = delete;
  ~Map() {
    if (base != nullptr) ::munmap(const_cast<std::byte*>(base), size);
  }
};

SafetensorsFile SafetensorsFile::open(const std::filesystem::path& file) {
  const std::string name = file.string();
  auto map = std::make_shared<Map>();
  map->path = file;
  const FileDescriptor fd(open_for_reading(file));
  struct stat info {};
  if (::fstat(fd.get(), &info) != 0) throw_read_failure(file, errno);
  if (!S_ISREG(info.st_mode)) throw InputError(name, "file", "a regular file", "a device, pipe or socket");
  map->size = static_cast<uint64_t>(info.st_size);
  uint64_t header_bytes = 0;
  if (map->size < sizeof header_bytes) {
    throw InputError(name, "header", "a safetensors file of at least 8 bytes", std::to_string(map->size) + " bytes");
  }
  void* base = ::mmap(nullptr, map->size, PROT_READ, MAP_PRIVATE, fd.get(), 0);
  if (base == MAP_FAILED) throw_read_failure(file, errno);
  map->base = static_cast<const std::byte*>(base);
  std::memcpy(&header_bytes, map->base, sizeof header_bytes);
  if (header_bytes > kMostHeaderBytes) {
    throw InputError(name, "header", "a header of at most " + std::to_string(kMostHeaderBytes) + " bytes", std::to_string(header_bytes));
  }
  if (header_bytes > map->size - sizeof header_bytes) {
    throw InputError(name, "header", "a header within the file's " + std::to_string(map->size) + " bytes",
                     std::to_string(header_bytes) + " header bytes (a truncated file?)");
  }
  map->data_begin = sizeof header_bytes + header_bytes;
  const std::string_view text(reinterpret_cast<const char*>(map->base) + sizeof header_bytes, header_bytes);
  map->header = read_safetensors_header(text, map->size - map->data_begin, name);
  SafetensorsFile opened;
  opened.map_ = std::move(map);
  return opened;
}

const std::map<std::string, TensorEntry>& SafetensorsFile::tensors() const { return map_->header.tensors; }
const std::map<std::string, std::string>& SafetensorsFile::metadata() const { return map_->header.metadata; }
const std::filesystem::path& SafetensorsFile::path() const { return map_->path; }
std::shared_ptr<const void> SafetensorsFile::keep_alive() const { return map_; }

const TensorEntry& SafetensorsFile::entry(const std::string& name) const {
  const auto found = map_->header.tensors.find(name);
  if (found == map_->header.tensors.end()) throw InputError(map_->path.string(), name, "this tensor", "none of this name");
  return found->second;
}

std::span<const std::byte> SafetensorsFile::bytes(const std::string& name) const {
  const TensorEntry& tensor = entry(name);
  return {map_->base + map_->data_begin + tensor.begin, static_cast<size_t>(tensor.end - tensor.begin)};
}

void SafetensorsFile::release(const std::string& name) const {
  const TensorEntry& tensor = entry(name);
  const auto page = static_cast<uint64_t>(::sysconf(_SC_PAGESIZE));
  // Whole pages inside the tensor only: the ones at its ends may hold a neighbour that is in use.
  const uint64_t begin = (map_->data_begin + tensor.begin + page - 1) / page * page;
  const uint64_t end = (map_->data_begin + tensor.end) / page * page;
  // A hint: when it fails, memory stays resident and nothing is wrong.
  if (begin < end) (void)::madvise(const_cast<std::byte*>(map_->base) + begin, end - begin, MADV_DONTNEED);
}

}  // namespace rolora
