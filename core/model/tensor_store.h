// SPDX-License-Identifier: GPL-3.0-or-later
// The named tensors of a Hugging Face folder, over one or many memory-mapped shards: safetensors, or what torch.save wrote.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstddef>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "core/model/weights.h"
#include "core/storage/tensor_file.h"

namespace rolora {

class TensorStore {
 public:
  /// model.safetensors, or else model.safetensors.index.json with its shards (their paths must stay plain names inside the folder), or
  /// else pytorch_model.bin or its index with shards. A file instead of a folder is one of llama2.c.
  static TensorStore open(const std::filesystem::path& folder);
  /// One file's tensors, whatever its name.
  static TensorStore open_file(const std::filesystem::path& file);
  const std::vector<std::string>& names() const { return names_; }  ///< sorted
  bool has(const std::string& name) const;
  const TensorEntry& entry(const std::string& name) const;
  const TensorFile& file_of(const std::string& name) const;
  /// The file that says which tensors there are (the single file or the index), for messages about missing ones.
  const std::filesystem::path& listing() const { return listing_; }
  /// InputError naming file and tensor when it is missing, has another shape, or is not of a floating-point type.
  void expect(const std::string& name, const std::vector<int64_t>& shape) const;
  /// The stored bytes as a CPU tensor of the stored type that views the map (no copy, unless the file does not align them). Read-only.
  at::Tensor view(const std::string& name) const;
  /// A converted copy on the device of the arithmetic; the map's pages are released afterwards. InputError when a stored value is not
  /// finite or leaves the range of the type of the arithmetic.
  at::Tensor load(const std::string& name, const Compute& compute) const;
  /// The same for a linear's part of a tensor.
  at::Tensor view(const StoredPart& part) const;
  at::Tensor load(const StoredPart& part, const Compute& compute) const;
  std::span<const std::byte> bytes(const StoredPart& part) const;
  /// Rows `ids` [..] (int64) of a matrix, converted: [.., columns]. Reads only those rows; the same checks as load().
  at::Tensor rows(const std::string& name, const at::Tensor& ids, const Compute& compute) const;
  void release(const std::string& name) const;

 private:
  static TensorStore of_one(const TensorFile& file);
  static TensorStore open_shards(const std::filesystem::path& listing, const std::string& ending);
  std::map<std::string, TensorFile> shards_;  // by file name
  std::map<std::string, std::string> where_;  // tensor → shard
  std::vector<std::string> names_;
  std::filesystem::path listing_;
};

at::ScalarType torch_type(StoredType type);
StoredType stored_type(at::ScalarType type);
/// "float32" / "bfloat16" / "float16" / "float64", as options and config.json write it. InputError (file "--dtype" style key given)
/// otherwise.
at::ScalarType parse_dtype(const std::string& text, const std::string& key);
std::string dtype_name(at::ScalarType type);
/// The contiguous bytes of a CPU tensor.
std::span<const std::byte> bytes_of_tensor(const at::Tensor& tensor);
/// "[2, 3]"
std::string shape_text(const std::vector<int64_t>& shape);

}  // namespace rolora
