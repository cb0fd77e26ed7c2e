// SPDX-License-Identifier: GPL-3.0-or-later
// A folder written by `quantize`: config.json with a model_type that no other library runs, model.safetensors (integers.h says how linears
// lie in it; all other tensors as the original stored them), quantization.json, a rotated model's rotation record, tokenizer files.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "core/model/tensor_store.h"
#include "core/model/weights.h"
#include "core/quantization/record.h"
#include "core/quantization/weights.h"
#include "core/rotation/record.h"

namespace rolora {

/// Gives the weights back bit for bit as they were evaluated (scale · (integer − zero), one fp32 product), and attaches what belongs to the
/// model: online rotation, then its own activation and KV quantization. InputError on anything broken.
class QuantizedFolder final : public ModelSource {
 public:
  explicit QuantizedFolder(const std::filesystem::path& folder);
  const ModelConfig& config() const override { return config_; }
  LayerWeights layer(LayerIndex index, const Compute& compute) const override;
  at::Tensor embed(const at::Tensor& ids, const Compute& compute) const override { return store_.rows(embedding_name_, ids, compute); }
  at::Tensor final_norm(const Compute& compute) const override;
  at::Tensor head(const Compute& compute) const override { return store_.load(head_name_, compute); }
  void attach(Listeners& listeners, const Compute& compute) const override;

  const std::optional<RotationRecord>& rotation() const { return rotation_; }
  const QuantizationRecord& record() const { return record_; }
  const TensorStore& store() const { return store_; }
  /// Integers and scales of one linear. Error when it is not quantized.
  QuantizedWeight weight(LayerIndex layer, LinearKind kind) const;
  /// Type of the linears that it was made from.
  at::ScalarType stored() const { return record_.source_type; }
  /// SHA-256 over settings, origin and all tensor bytes, in name order.
  std::string hash() const;

 private:
  void resolve_embedding_and_head();
  void expect_tensors() const;
  std::filesystem::path folder_;
  ModelConfig config_;
  TensorStore store_;
  QuantizationRecord record_;
  std::optional<RotationRecord> rotation_;
  std::string embedding_name_, head_name_;
};

/// The folder's weights and its rotation, with activations and KV left as they come. Sample logits are made of this: rounding activations
/// may tip at a tie on another machine, weights may not.
class UnroundedActivations final : public ModelSource {
 public:
  explicit UnroundedActivations(std::shared_ptr<const QuantizedFolder> folder) : folder_(std::move(folder)) {}
  const ModelConfig& config() const override { return folder_->config(); }
  LayerWeights layer(LayerIndex index, const Compute& compute) const override { return folder_->layer(index, compute); }
  at::Tensor embed(const at::Tensor& ids, const Compute& compute) const override { return folder_->embed(ids, compute); }
  at::Tensor final_norm(const Compute& compute) const override { return folder_->final_norm(compute); }
  at::Tensor head(const Compute& compute) const override { return folder_->head(compute); }
  void attach(Listeners& listeners, const Compute& compute) const override;

 private:
  std::shared_ptr<const QuantizedFolder> folder_;
};

}  // namespace rolora
