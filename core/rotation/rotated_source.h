// SPDX-License-Identifier: GPL-3.0-or-later
// A plain model folded and rotated on the fly, layer by layer, all arithmetic in fp64 and rounded once to the compute type; and a rotated
// folder, whose weights are folded already. Both attach the online rotations (R3, R4) as listeners of the rotation stage.
#pragma once

#include <filesystem>
#include <memory>

#include "core/model/checkpoint.h"
#include "core/rotation/record.h"

namespace rolora {

/// Folds and rotates what `plain` gives. Used by the gate, by comparisons on the same tokens, and by `rotate`, which writes its tensors
/// down. Refuses (InputError) a record made for other widths, and layers with an adapter beside their linears (merge it first).
class RotatedSource final : public ModelSource {
 public:
  RotatedSource(std::shared_ptr<const ModelSource> plain, RotationRecord record);
  const ModelConfig& config() const override { return config_; }  ///< untied
  LayerWeights layer(LayerIndex index, const Compute& compute) const override;
  at::Tensor embed(const at::Tensor& ids, const Compute& compute) const override;
  at::Tensor final_norm(const Compute& compute) const override;
  at::Tensor head(const Compute& compute) const override;
  void attach(Listeners& listeners, const Compute& compute) const override;
  const RotationRecord& record() const { return record_; }

 private:
  std::shared_ptr<const ModelSource> plain_;
  RotationRecord record_;
  ModelConfig config_;
  Compute exact_;  ///< how plain weights are fetched: a type that holds them exactly, on the CPU
};

/// A folder written by `rotate`, or a Hugging Face folder with the record of its rotation beside it, as `export --to hf` writes it (no
/// online rotations then). InputError where the record does not fit: other widths, gains that are not ones though they are folded.
class RotatedFolder final : public ModelSource {
 public:
  explicit RotatedFolder(const std::filesystem::path& folder);
  const ModelConfig& config() const override { return base_.config(); }
  LayerWeights layer(LayerIndex index, const Compute& compute) const override { return base_.layer(index, compute); }
  at::Tensor embed(const at::Tensor& ids, const Compute& compute) const override { return base_.embed(ids, compute); }
  at::Tensor final_norm(const Compute& compute) const override { return base_.final_norm(compute); }
  at::Tensor head(const Compute& compute) const override { return base_.head(compute); }
  void attach(Listeners& listeners, const Compute& compute) const override;
  const RotationRecord& record() const { return record_; }
  const Checkpoint& checkpoint() const { return base_; }

 private:
  Checkpoint base_;
  RotationRecord record_;
};

/// Adds the record's online rotations: R4 at down_in, R3 at q_out and k_out.
void attach_online_rotations(const RotationRecord& record, Listeners& listeners, const Compute& compute);

}  // namespace rolora
