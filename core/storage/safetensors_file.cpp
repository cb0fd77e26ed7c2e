// SPDX-License-Identifier: GPL-3.0-or-later
#include <cstring>
#include <string_view>
#include <utility>

#include "core/base/error.h"
#include "core/storage/file_map.h"
#include "core/storage/safetensors.h"
#include "core/storage/safetensors_header.h"

namespace rolora {

void read_as_safetensors(FileMap& map) {
  const std::string name = map.path.string();
  uint64_t header_bytes = 0;
  std::memcpy(&header_bytes, map.base, sizeof header_bytes);
  if (header_bytes > kMostHeaderBytes) {
    throw InputError(name, "header", "a header of at most " + std::to_string(kMostHeaderBytes) + " bytes", std::to_string(header_bytes));
  }
  if (header_bytes > map.size - sizeof header_bytes) {
    throw InputError(name, "header", "a header within the file's " + std::to_string(map.size) + " bytes",
                     std::to_string(header_bytes) + " header bytes (a truncated file?)");
  }
  map.data_begin = sizeof header_bytes + header_bytes;
  const std::string_view text(reinterpret_cast<const char*>(map.base) + sizeof header_bytes, header_bytes);
  SafetensorsHeader header = read_safetensors_header(text, map.size - map.data_begin, name);
  map.tensors = std::move(header.tensors);
  map.metadata = std::move(header.metadata);
}

SafetensorsFile SafetensorsFile::open(const std::filesystem::path& file) {
  std::shared_ptr<FileMap> map = map_file(file);
  read_as_safetensors(*map);
  return SafetensorsFile(std::move(map));
}

}  // namespace rolora
