// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/storage/tensor_file.h"

#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <bit>
#include <cerrno>
#include <utility>

#include "core/base/error.h"
#include "core/storage/file_map.h"
#include "core/storage/system_error.h"
#include "core/storage/torch_file.h"

namespace rolora {

static_assert(std::endian::native == std::endian::little, "the containers are little-endian and their bytes are used as they lie");

FileMap::~FileMap() {
  if (base != nullptr) ::munmap(const_cast<std::byte*>(base), size);
}

std::shared_ptr<FileMap> map_file(const std::filesystem::path& file) {
  const std::string name = file.string();
  auto map = std::make_shared<FileMap>();
  map->path = file;
  const FileDescriptor fd(open_for_reading(file));
  struct stat info {};
  if (::fstat(fd.get(), &info) != 0) throw_read_failure(file, errno);
  if (!S_ISREG(info.st_mode)) throw InputError(name, "file", "a regular file", "a device, pipe or socket");
  map->size = static_cast<uint64_t>(info.st_size);
  constexpr uint64_t kLeast = 8;
  if (map->size < kLeast) throw InputError(name, "header", "a file of tensors, of at least 8 bytes", std::to_string(map->size) + " bytes");
  void* base = ::mmap(nullptr, map->size, PROT_READ, MAP_PRIVATE, fd.get(), 0);
  if (base == MAP_FAILED) throw_read_failure(file, errno);
  map->base = static_cast<const std::byte*>(base);
  return map;
}

TensorFile TensorFile::open(const std::filesystem::path& file) {
  std::shared_ptr<FileMap> map = map_file(file);
  if (is_torch_file(map->bytes())) {
    map->tensors = read_torch_file(map->bytes(), file.string());
  } else if (const std::string ending = file.extension().string(); ending == ".bin" || ending == ".pt" || ending == ".pth") {
    throw InputError(file.string(), "file", "weights that torch.save wrote", "other bytes");
  } else {
    read_as_safetensors(*map);
  }
  return TensorFile(std::move(map));
}

TensorFile TensorFile::open(const std::filesystem::path& file, std::map<std::string, TensorEntry> tensors) {
  std::shared_ptr<FileMap> map = map_file(file);
  for (const auto& [name, entry] : tensors) {
    if (entry.end > map->size) throw InputError(file.string(), name, "values within the file", "the end of the file");
  }
  map->tensors = std::move(tensors);
  return TensorFile(std::move(map));
}

const std::map<std::string, TensorEntry>& TensorFile::tensors() const { return map_->tensors; }
const std::map<std::string, std::string>& TensorFile::metadata() const { return map_->metadata; }
const std::filesystem::path& TensorFile::path() const { return map_->path; }
std::shared_ptr<const void> TensorFile::keep_alive() const { return map_; }

const TensorEntry& TensorFile::entry(const std::string& name) const {
  const auto found = map_->tensors.find(name);
  if (found == map_->tensors.end()) throw InputError(map_->path.string(), name, "this tensor", "none of this name");
  return found->second;
}

std::span<const std::byte> TensorFile::bytes(const std::string& name) const {
  const TensorEntry& tensor = entry(name);
  return {map_->base + map_->data_begin + tensor.begin, static_cast<size_t>(tensor.end - tensor.begin)};
}

void TensorFile::release(const std::string& name) const {
  const TensorEntry& tensor = entry(name);
  const auto page = static_cast<uint64_t>(::sysconf(_SC_PAGESIZE));
  // Whole pages inside the tensor only: the ones at its ends may hold a neighbour that is in use.
  const uint64_t begin = (map_->data_begin + tensor.begin + page - 1) / page * page;
  const uint64_t end = (map_->data_begin + tensor.end) / page * page;
  // A hint: when it fails, memory stays resident and nothing is wrong.
  if (begin < end) (void)::madvise(const_cast<std::byte*>(map_->base) + begin, end - begin, MADV_DONTNEED);
}

}  // namespace rolora
