// SPDX-License-Identifier: GPL-3.0-or-later
// The map of a whole file, with where its tensors lie; private to storage.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <span>
#include <string>

#include "core/storage/tensor_file.h"

namespace rolora {

struct FileMap {
  std::filesystem::path path;
  const std::byte* base = nullptr;
  uint64_t size = 0, data_begin = 0;
  std::map<std::string, TensorEntry> tensors;
  std::map<std::string, std::string> metadata;

  FileMap() = default;
  FileMap(const FileMap&) = delete;
  FileMap& operator=(const FileMap&) = delete;
  ~FileMap();
  std::span<const std::byte> bytes() const { return {base, static_cast<size_t>(size)}; }
};

/// Maps a regular file of at least eight bytes; tensors are for the caller to fill in. InputError.
std::shared_ptr<FileMap> map_file(const std::filesystem::path& file);
/// Fills in what the header of a safetensors file says.
void read_as_safetensors(FileMap& map);

}  // namespace rolora
