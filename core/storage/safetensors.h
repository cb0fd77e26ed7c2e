// SPDX-License-Identifier: GPL-3.0-or-later
// The safetensors container: an 8-byte header length, a JSON header, then the tensors' bytes. Read by memory map, validated whole before
// first use.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/storage/tensor_file.h"

namespace rolora {

class UnnamedFile;

/// A file of this container. Refuses truncated, overlapping, uncovered or overflowing tensors, unknown types, duplicate names, and headers
/// over 100 MB. The error's key is the tensor's name, or "header".
class SafetensorsFile : public TensorFile {
 public:
  static SafetensorsFile open(const std::filesystem::path& file);

 private:
  using TensorFile::TensorFile;
};

/// Writes a file tensor by tensor in the order declared, without holding more than one. Deterministic bytes. In the file wider types come
/// first, within one width the declared order rules: so every tensor is aligned to its type, which some readers need and the format, having
/// no gaps, cannot give otherwise. The file appears at `target` only by finish() (temporary + fsync + rename). Error (DeviceError without
/// space) names the file and the system's reason.
class SafetensorsWriter {
 public:
  struct Declared {
    std::string name;
    StoredType type;
    std::vector<int64_t> shape;
  };
  SafetensorsWriter(std::filesystem::path target, std::vector<Declared> tensors, std::map<std::string, std::string> metadata = {});
  /// Into a file that nobody else sees, at its path from now on; nothing is renamed. The file must live until finish().
  SafetensorsWriter(const UnnamedFile& file, std::vector<Declared> tensors);
  ~SafetensorsWriter();
  /// Bytes of the next declared tensor, whole. Throws Error when name or size is not the next declared one.
  void write(const std::string& name, std::span<const std::byte> bytes);
  void finish();

 private:
  void begin(const std::filesystem::path& opened, const std::map<std::string, std::string>& metadata);
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace rolora
