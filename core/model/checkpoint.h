// SPDX-License-Identifier: GPL-3.0-or-later
// A Hugging Face folder: config.json and one or many memory-mapped safetensors shards, validated whole when opened.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "core/model/weights.h"
#include "core/storage/safetensors.h"

namespace rolora {

/// The named tensors of a folder, over all shards.
class TensorStore {
 public:
  /// model.safetensors, or model.safetensors.index.json with its shards (their paths must stay plain names inside the folder).
  static TensorStore open(const std::filesystem::path& folder);
  const std::vector<std::string>& names() const { return names_; }
  bool has(const std::string& name) const;
  const TensorEntry& entry(const std::string& name) const;
  const SafetensorsFile& file_of(const std::string& name) const;
  /// The stored bytes as a tensor of the stored type that views the map (no copy).
  at::Tensor view(const std::string& name) const;
  /// A converted copy; the map's pages are released afterwards.
  at::Tensor load(const std::string& name, const Compute& compute) const;
  void release(const std::string& name) const;

 private:
  std::map<std::string, SafetensorsFile> shards_;     // by file name
  std::map<std::string, std::string> where_;          // tensor → shard
  std::vector<std::string> names_;
};

at::ScalarType torch_type(StoredType type);
StoredType stored_type(at::ScalarType type);
/// "float32" / "bfloat16" / "float16" / "float64", as options and config.json write it. InputError (file "--dtype" style key given) otherwise.
at::ScalarType parse_dtype(const std::string& text, const std::string& key);
std::string dtype_name(at::ScalarType type);
/// The contiguous bytes of a CPU tensor.
std::span<const std::byte> bytes_of_tensor(const at::Tensor& tensor);

/// A plain floating-point checkpoint. Opening validates names, shapes, types and finiteness of nothing but what is cheap; values are
/// checked for NaN and infinity when a layer is loaded. Missing, extra and misshapen tensors are refused by name.
class Checkpoint final : public ModelSource {
 public:
  explicit Checkpoint(const std::filesystem::path& folder);
  const ModelConfig& config() const override { return config_; }
  LayerWeights layer(LayerIndex index, const Compute& compute) const override;
  at::Tensor embed(const at::Tensor& ids, const Compute& compute) const override;
  at::Tensor final_norm(const Compute& compute) const override;
  at::Tensor head(const Compute& compute) const override;
  void attach(Listeners&, const Compute&) const override {}
  const TensorStore& store() const { return store_; }
  const std::filesystem::path& folder() const { return folder_; }
  /// Type of the linears as stored.
  StoredType stored() const { return stored_; }
  /// SHA-256 over config-relevant values and all tensor bytes, in name order: the model's identity in records and results.
  std::string hash() const;

 private:
  std::filesystem::path folder_;
  ModelConfig config_;
  TensorStore store_;
  StoredType stored_ = StoredType::F32;
  std::string embedding_name_, head_name_;  ///< equal when tied; whichever of the pair is stored
};

/// A tensor's expected name and shape in a plain folder of this configuration, in file order (embedding, layers, norm, head).
std::vector<SafetensorsWriter::Declared> expected_tensors(const ModelConfig& config, StoredType type, bool with_head);

}  // namespace rolora
