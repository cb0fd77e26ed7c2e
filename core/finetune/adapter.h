// SPDX-License-Identifier: GPL-3.0-or-later
// A LoRA or DoRA adapter: its settings, tensors, files (safetensors + PEFT's adapter_config.json) and the model it stands on.
#pragma once

#include <ATen/core/Tensor.h>

#include <array>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/model/family.h"
#include "core/model/weights.h"

namespace rolora {

struct LoraSettings {
  int64_t rank = 16;
  double alpha = 16;
  double dropout = 0;
  std::vector<LinearKind> targets = {LinearKind::q, LinearKind::v};  ///< RoLoRA's recipe
  bool rslora = false;                                               ///< scaling α/√r (arXiv 2312.03732) in place of α/r
  bool dora = false;                                                 ///< rows have magnitudes of their own (arXiv 2402.09353)
  double scaling() const;
};

/// The names of the command and of job files: "rslora" and "rsdora" scale by α/√r.
inline constexpr std::array<const char*, 4> kVariants = {"lora", "dora", "rslora", "rsdora"};
const char* variant_name(const LoraSettings& settings);
/// One of kVariants.
void set_variant(LoraSettings& settings, std::string_view name);

struct LoraPair {
  at::Tensor a;            // [r, in] fp32
  at::Tensor b;            // [out, r] fp32
  at::Tensor magnitude{};  // [out] fp32, defined in DoRA's
  double factor = 1;       ///< its scaling over that of the settings; PEFT's patterns give linears ranks and alphas of their own
};

struct Adapter {
  LoraSettings settings;
  std::map<std::string, LoraPair> pairs;  ///< by linear name ("model.layers.0.self_attn.q_proj")
  /// Linears that the family's files hold as one tensor have one A, as PEFT trains them; otherwise each has its own.
  bool fused = false;
  /// DoRA: ‖W‖ of the rows of linears without an adapter that files hold in one tensor with some that have one; PEFT wants magnitudes of
  /// all of its rows. By linear name. [out] fp32
  std::map<std::string, at::Tensor> resting;
  std::string base_model;         ///< name for PEFT's field
  std::string rotation_checksum;  ///< of the base it was trained on; empty for a plain base
  std::string base_hash;          ///< identity of that base's weights; empty for an adapter of another program
  Json training;                  ///< settings, data and seed it was made with; null when unknown
};
/// Which of the targets have an adapter in this layer: all, unless another program left some out.
std::vector<LinearKind> targets_of(const Adapter& adapter, const ModelConfig& config, LayerIndex layer);
/// SHA-256 over settings and values.
std::string adapter_hash(const Adapter& adapter);

/// A Kaiming-uniform (a = √5) from the seed, B zero (LoRA, arXiv 2106.09685).
Adapter new_adapter(const ModelConfig& config, const LoraSettings& settings, uint64_t seed);
/// Gives every pair the magnitude ‖W + scaling·B A‖ of its rows, with which it computes what it did without (paper, section 4.1).
void set_magnitudes(Adapter& adapter, const ModelSource& base);
/// Reads a PEFT folder, validated against the model: every tensor there, of its shape, finite, and no other. Settings that would change
/// what the adapter computes and are not supported (biases, modules_to_save, …) are refused by name.
Adapter load_adapter(const std::filesystem::path& folder, const ModelConfig& config);
/// The file with an adapter's values: adapter_model.safetensors, or adapter_model.bin where there is only that (older versions of PEFT).
std::filesystem::path adapter_weights(const std::filesystem::path& folder);
/// Writes adapter_model.safetensors and adapter_config.json as PEFT reads them, and rolora_adapter.json (which base, which rotation, how
/// made) into an existing folder (a PendingFolder's). For a rotated base the caller puts the rotation record beside them (save_rotation).
void save_adapter(const Adapter& adapter, const ModelConfig& config, const std::filesystem::path& folder);
/// InputError with both checksums when the adapter was trained on another rotation than the base has (empty = plain).
void require_same_rotation(const Adapter& adapter, const std::string& adapter_folder, const std::string& base_checksum);

/// A model with the adapter beside its linears (unmerged) or folded into them (Linear::merged_weight, in fp64, rounded once).
class AdaptedSource final : public ModelSource {
 public:
  AdaptedSource(std::shared_ptr<const ModelSource> base, Adapter adapter, bool merged);
  const ModelConfig& config() const override { return base_->config(); }
  LayerWeights layer(LayerIndex index, const Compute& compute) const override;
  at::Tensor embed(const at::Tensor& ids, const Compute& compute) const override { return base_->embed(ids, compute); }
  at::Tensor final_norm(const Compute& compute) const override { return base_->final_norm(compute); }
  at::Tensor head(const Compute& compute) const override { return base_->head(compute); }
  void attach(Listeners& listeners, const Compute& compute) const override { base_->attach(listeners, compute); }

 private:
  std::shared_ptr<const ModelSource> base_;
  Adapter adapter_;
  bool merged_;
};

}  // namespace rolora
