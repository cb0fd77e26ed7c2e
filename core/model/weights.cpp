// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/weights.h"

#include <ATen/ops/dropout.h>
#include <ATen/ops/linear.h>

namespace rolora {

std::vector<LayerNorm> layer_norms(const ModelConfig& config) {
  const FamilyDescription& family = *config.family;
  std::vector<LayerNorm> norms = {{family.input_norm, config.hidden, &LayerWeights::input_norm},
                                  {family.post_attention_norm, config.hidden, &LayerWeights::post_attention_norm}};
  if (!family.q_norm.empty()) norms.push_back({family.q_norm, config.head_dim, &LayerWeights::q_norm});
  if (!family.k_norm.empty()) norms.push_back({family.k_norm, config.head_dim, &LayerWeights::k_norm});
  return norms;
}

void convert_gains(LayerWeights& weights, at::ScalarType type) {
  for (at::Tensor* gain : {&weights.input_norm, &weights.post_attention_norm, &weights.q_norm, &weights.k_norm}) {
    if (gain->defined()) *gain = gain->to(type);
  }
}

at::Tensor Linear::merged_weight() const {
  if (!adapter) return weight;
  const at::Tensor low_rank = at::matmul(adapter->b.to(at::kDouble), adapter->a.to(at::kDouble));  // [out, in]
  return weight.to(at::kDouble).add(low_rank, adapter->scaling).to(weight.scalar_type());
}

at::Tensor Linear::apply(const at::Tensor& x) const {
  at::Tensor y = at::linear(x, weight, bias.defined() ? std::optional<at::Tensor>(bias) : std::nullopt);
  if (!adapter) return y;
  // The adapter keeps its own type (fp32 while the base runs in a half type); its term joins in the base's.
  at::Tensor low = x.to(adapter->a.scalar_type());
  if (adapter->training && adapter->dropout > 0) low = at::dropout(low, adapter->dropout, true);
  low = at::linear(at::linear(low, adapter->a), adapter->b) * adapter->scaling;
  return y + low.to(y.scalar_type());
}

}  // namespace rolora
