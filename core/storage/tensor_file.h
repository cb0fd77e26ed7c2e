// SPDX-License-Identifier: GPL-3.0-or-later
// A file of named tensors, whatever its container: read by memory map, validated whole before first use.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/storage/stored_type.h"

namespace rolora {

struct TensorEntry {
  StoredType type;
  std::vector<int64_t> shape;
  uint64_t begin = 0, end = 0;  ///< byte offsets in the data section
  int64_t elements() const;
};

struct FileMap;

/// A memory-mapped, read-only file. Copies share the map.
class TensorFile {
 public:
  /// By what the file begins with: torch.save's two formats (core/storage/torch_file.h), else safetensors.
  static TensorFile open(const std::filesystem::path& file);
  /// A file without names of its own: these tensors, offsets from the start of the file. InputError when one leaves the file.
  static TensorFile open(const std::filesystem::path& file, std::map<std::string, TensorEntry> tensors);
  const std::map<std::string, TensorEntry>& tensors() const;
  const std::map<std::string, std::string>& metadata() const;
  const TensorEntry& entry(const std::string& name) const;  ///< InputError when missing
  /// The tensor's bytes in the map. No format promises that they start at a multiple of the type's size.
  std::span<const std::byte> bytes(const std::string& name) const;
  /// Tells the system that the pages of this tensor are not needed now (keeps the resident size small while streaming).
  void release(const std::string& name) const;
  const std::filesystem::path& path() const;
  /// Keeps the map alive (a tensor that views its bytes holds this).
  std::shared_ptr<const void> keep_alive() const;

 protected:
  explicit TensorFile(std::shared_ptr<const FileMap> map) : map_(std::move(map)) {}

 private:
  std::shared_ptr<const FileMap> map_;
};

}  // namespace rolora
