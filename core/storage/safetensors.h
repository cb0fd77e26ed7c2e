// SPDX-License-Identifier: GPL-3.0-or-later
// The safetensors container: an 8-byte header length, a JSON header, then the tensors' bytes. Read by memory map, validated whole before
// first use.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace rolora {

class UnnamedFile;

enum class StoredType { F64, F32, F16, BF16, I64, I32, I16, I8, U8, BOOL };
size_t bytes_of(StoredType type);
std::string_view name_of(StoredType type);                     ///< as the container writes it, "BF16"
std::optional<StoredType> stored_type(std::string_view name);  ///< none for a type this program does not read
/// Elements times the type's bytes; none when a side is negative or the product (zeros left out) does not fit int64.
std::optional<uint64_t> stored_bytes(StoredType type, const std::vector<int64_t>& shape);

struct TensorEntry {
  StoredType type;
  std::vector<int64_t> shape;
  uint64_t begin = 0, end = 0;  ///< byte offsets in the data section
  int64_t elements() const;
};

/// A memory-mapped, read-only file. Copies share the map. Refuses truncated, overlapping, uncovered or overflowing tensors, unknown types,
/// duplicate names, and headers over 100 MB. The error's key is the tensor's name, or "header".
class SafetensorsFile {
 public:
  static SafetensorsFile open(const std::filesystem::path& file);
  const std::map<std::string, TensorEntry>& tensors() const;
  const std::map<std::string, std::string>& metadata() const;
  const TensorEntry& entry(const std::string& name) const;  ///< InputError when missing
  /// The tensor's bytes in the map. The format does not promise that they start at a multiple of the type's size.
  std::span<const std::byte> bytes(const std::string& name) const;
  /// Tells the system that the pages of this tensor are not needed now (keeps the resident size small while streaming).
  void release(const std::string& name) const;
  const std::filesystem::path& path() const;
  /// Keeps the map alive (a tensor that views its bytes holds this).
  std::shared_ptr<const void> keep_alive() const;

 private:
  struct Map;
  std::shared_ptr<const Map> map_;
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
