// SPDX-License-Identifier: GPL-3.0-or-later
// The one forward pass. Everything — perplexity, statistics, Hessians, training, generation — runs these steps; what differs is who
// listens.
#pragma once

#include <ATen/core/Tensor.h>

#include <memory>
#include <vector>

#include "core/model/rope.h"
#include "core/model/sites.h"
#include "core/model/weights.h"

namespace rolora {

/// y = x / sqrt(mean(x²) + ε) · gain, in fp32 (fp64 under fp64), cast once.
at::Tensor rms_norm(const at::Tensor& x, const at::Tensor& gain, double epsilon);

/// Keys (after RoPE and listeners) and values of one layer, for step-by-step generation; where attention has a window, only those that a
/// later query can see.
struct LayerCache {
  at::Tensor keys, values;  // [B, kv_heads, T, head_dim]
};

/// One decoder layer in steps, so that work which changes weights half-way (GPTQ) can run them one after another on the same stream:
///   x = qkv_input(h);  o = attention(x, …);  h = add_attention(h, o);  x = gate_up_input(h);  a = down_input(x);  h = add_mlp(h, a)
/// Each returns a site's tensor after its listeners. h is [B, T, d].
class LayerForward {
 public:
  LayerForward(const ModelConfig& config, LayerIndex layer, const LayerWeights& weights, const Listeners& listeners,
               WindowIndex first_window);
  at::Tensor qkv_input(const at::Tensor& h) const;                                                       // [B, T, d]
  at::Tensor attention(const at::Tensor& x, const RopeTables& rope, LayerCache* cache = nullptr) const;  // [B, T, heads·dh]
  at::Tensor add_attention(const at::Tensor& h, const at::Tensor& o) const;                              // [B, T, d]
  at::Tensor gate_up_input(const at::Tensor& h) const;                                                   // [B, T, d]
  at::Tensor down_input(const at::Tensor& x) const;                                                      // [B, T, f]
  at::Tensor add_mlp(const at::Tensor& h, const at::Tensor& a) const;                                    // [B, T, d]
  /// All steps.
  at::Tensor run(const at::Tensor& h, const RopeTables& rope, LayerCache* cache = nullptr) const;

 private:
  at::Tensor listen(SiteKind site, const at::Tensor& x) const;
  const ModelConfig& config_;
  LayerIndex layer_;
  const LayerWeights& weights_;
  const Listeners& listeners_;
  WindowIndex first_window_;
};

/// Final norm and head: h [.., d] → logits [.., V].
at::Tensor logits_of(const at::Tensor& h, const at::Tensor& final_norm, const at::Tensor& head, double epsilon);

/// Negative log-likelihood of targets, log-softmax in fp64, in row chunks so that no [rows, V] fp64 buffer appears.
/// h [N, d], targets [N] → [N] fp64.
at::Tensor token_nll(const at::Tensor& h, const at::Tensor& targets, const at::Tensor& final_norm, const at::Tensor& head, double epsilon);

}  // namespace rolora
