// SPDX-License-Identifier: GPL-3.0-or-later
// A Hugging Face folder: config.json and its tensors, validated whole when opened.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "core/model/tensor_store.h"
#include "core/model/weights.h"
#include "core/storage/safetensors.h"

namespace rolora {

/// A plain floating-point checkpoint, or a rotated one of this program's (whose online rotations RotatedFolder attaches). Opening validates
/// names, shapes and types; values are checked for NaN and infinity when they are loaded. Missing, extra and misshapen tensors are refused
/// by name. A tied pair may be stored under either name or both.
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
  /// SHA-256 over the configuration's values that change the function and all tensor bytes, in name order: the model's identity in records
  /// and results.
  std::string hash() const;
  /// What a user should know about this folder though it loads; one line each.
  const std::vector<std::string>& notes() const { return notes_; }

 private:
  void resolve_embedding_and_head();
  void refuse_extra_tensors() const;
  std::filesystem::path folder_;
  ModelConfig config_;
  TensorStore store_;
  bool pairs_rows_ = false;  ///< of W_q and W_k, as llama2.c does
  StoredType stored_ = StoredType::F32;
  std::string embedding_name_, head_name_;  ///< equal when tied; whichever of the pair is stored
  std::vector<std::string> notes_;
};

/// A tensor's expected name and shape in a plain folder of this configuration, in file order (embedding, layers, norm, head).
std::vector<SafetensorsWriter::Declared> expected_tensors(const ModelConfig& config, StoredType type, bool with_head);

}  // namespace rolora
