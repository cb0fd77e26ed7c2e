// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/weights.h"

#include <ATen/Functions.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <optional>

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

namespace {

constexpr int64_t kNormBytes = int64_t{64} << 20;  // of the rows whose norms are taken at a time

// [rows] of a matrix [rows, in]
at::Tensor norms(const at::Tensor& rows) {
  const at::Tensor lengths = at::linalg_vector_norm(rows, 2, at::IntArrayRef{1});
  return at::where(lengths == 0, at::ones_like(lengths), lengths);
}

// x → (x or the dropped x) Aᵀ Bᵀ · scaling
at::Tensor low_rank(const AdapterTerm& term, const at::Tensor& x) { return at::linear(at::linear(x, term.a), term.b) * term.scaling; }

// The linear with DoRA's magnitude, everything but the products with W in the adapter's type.
at::Tensor with_magnitude(const Linear& linear, const at::Tensor& x, const at::Tensor& seen, bool dropped) {
  const AdapterTerm& term = *linear.adapter;
  const at::ScalarType type = linear.weight.scalar_type(), own = term.a.scalar_type();
  const at::Tensor factor = term.magnitude / term.row_norms;  // [out]
  const at::Tensor base = at::linear(x, linear.weight).to(own), low = low_rank(term, seen);
  at::Tensor y;
  if (dropped) {
    y = base + (factor - 1) * at::linear(seen.to(type), linear.weight).to(own) + factor * low;
  } else {
    y = factor * (base + low);
  }
  if (linear.bias.defined()) y = y + linear.bias.to(own);
  return y.to(type);
}

}  // namespace

at::Tensor row_norms(const at::Tensor& weight, const AdapterTerm& term) {
  const at::NoGradGuard no_gradient;
  const int64_t out = weight.size(0), chunk = std::max<int64_t>(1, kNormBytes / (weight.size(1) * term.a.element_size()));
  std::vector<at::Tensor> parts;
  for (int64_t first = 0; first < out; first += chunk) {
    const int64_t end = std::min(out, first + chunk);
    const at::Tensor rows = weight.slice(0, first, end).to(term.a.scalar_type());
    parts.push_back(norms(at::addmm(rows, term.b.slice(0, first, end), term.a, 1, term.scaling)));
  }
  return at::cat(parts);
}

at::Tensor Linear::merged_weight() const {
  if (!adapter) return weight;
  const at::Tensor update = at::matmul(adapter->b.to(at::kDouble), adapter->a.to(at::kDouble));  // [out, in]
  at::Tensor sum = weight.to(at::kDouble).add(update, adapter->scaling);
  if (adapter->magnitude.defined()) sum = sum * (adapter->magnitude.to(at::kDouble) / norms(sum)).unsqueeze(1);
  return sum.to(weight.scalar_type());
}

at::Tensor Linear::apply(const at::Tensor& x) const {
  const auto own_bias = bias.defined() ? std::optional<at::Tensor>(bias) : std::nullopt;
  if (!adapter) return at::linear(x, weight, own_bias);
  // The adapter keeps its own type (fp32 while the base runs in a half type); its term joins in the base's.
  at::Tensor seen = x.to(adapter->a.scalar_type());
  const bool dropped = adapter->training && adapter->dropout > 0;
  if (dropped) seen = at::dropout(seen, adapter->dropout, true);
  if (adapter->magnitude.defined()) return with_magnitude(*this, x, seen, dropped);
  const at::Tensor y = at::linear(x, weight, own_bias);
  return y + low_rank(*adapter, seen).to(y.scalar_type());
}

}  // namespace rolora
