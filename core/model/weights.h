// SPDX-License-Identifier: GPL-3.0-or-later
// The tensors of one decoder layer, and where they come from.
#pragma once

#include <ATen/core/Tensor.h>
#include <c10/core/Device.h>
#include <c10/core/ScalarType.h>

#include <array>
#include <memory>
#include <string_view>
#include <vector>

#include "core/model/config.h"
#include "core/model/family.h"
#include "core/model/sites.h"

namespace rolora {

/// In which type and where the arithmetic runs (weights are converted when they are loaded).
struct Compute {
  at::ScalarType type = at::kFloat;
  at::Device device = at::kCPU;
};

/// A low-rank term beside a linear: y += scaling · (dropout(x) Aᵀ) Bᵀ. LoRA, arXiv 2106.09685. With a magnitude m the sum's rows are
/// brought to that length: W' = diag(m / ‖W + scaling · B A‖_row) (W + scaling · B A). DoRA, arXiv 2402.09353, equation 5.
struct AdapterTerm {
  at::Tensor a;  // [r, in]
  at::Tensor b;  // [out, r]
  double scaling = 1.0;
  double dropout = 0.0;  ///< only while training
  bool training = false;
  at::Tensor magnitude{};  ///< [out] DoRA's m; undefined for LoRA
  at::Tensor row_norms{};  ///< [out] with a magnitude: row_norms(W, this), a constant to gradients (section 4.3)
};

/// ‖W + scaling · B A‖ of every row, without gradients, in the type of A; 1 for a row of zeros, which no magnitude can lengthen. [out]
at::Tensor row_norms(const at::Tensor& weight, const AdapterTerm& term);

struct Linear {
  at::Tensor weight;                           // [out, in]
  at::Tensor bias;                             // [out] or undefined
  std::shared_ptr<const AdapterTerm> adapter;  ///< may be null
  /// x [..., in] → x Wᵀ + b (+ adapter) [..., out]. A magnitude does not scale b; while dropout is active, x itself goes through W and the
  /// dropped x through what the adapter adds, as peft has it.
  at::Tensor apply(const at::Tensor& x) const;
  /// What x is multiplied with: W, or W with its adapter computed in fp64 and rounded once to W's type. [out, in]
  at::Tensor merged_weight() const;
};

struct LayerWeights {
  at::Tensor input_norm;           // [d]
  at::Tensor post_attention_norm;  // [d]
  at::Tensor q_norm, k_norm;       // [dh], of each head before RoPE; undefined in families without
  std::array<Linear, kLinearKinds> linears;
  Linear& operator[](LinearKind k) { return linears[static_cast<size_t>(k)]; }
  const Linear& operator[](LinearKind k) const { return linears[static_cast<size_t>(k)]; }
};

/// A norm that every layer has: its tensor's name behind the layer's number, its width, and where its gain is held.
struct LayerNorm {
  std::string_view tail;
  int64_t width = 0;
  at::Tensor LayerWeights::*gain = nullptr;
};
std::vector<LayerNorm> layer_norms(const ModelConfig& config);
/// Converts every gain that the layer has.
void convert_gains(LayerWeights& weights, at::ScalarType type);

/// Where a model's weights come from, layer by layer. Folders, folds on the fly, fake-quantized looks, adapters and trained models are all
/// sources; each wraps another. Implementations are immutable and never hold the whole model unless their name says so.
class ModelSource {
 public:
  virtual ~ModelSource() = default;
  virtual const ModelConfig& config() const = 0;
  virtual LayerWeights layer(LayerIndex index, const Compute& compute) const = 0;
  /// ids [..] (int64) → rows of the embedding [.., d]
  virtual at::Tensor embed(const at::Tensor& ids, const Compute& compute) const = 0;
  virtual at::Tensor final_norm(const Compute& compute) const = 0;  // [d]
  virtual at::Tensor head(const Compute& compute) const = 0;        // [V, d]
  /// Adds what belongs to the model itself: online rotations (R3, R4), its own activation and KV quantization.
  virtual void attach(Listeners& listeners, const Compute& compute) const = 0;
};

}  // namespace rolora
