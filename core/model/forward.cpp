// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/forward.h"

#include <ATen/Functions.h>

#include <algorithm>

namespace rolora {
namespace {

constexpr int64_t kLogitBytes = int64_t{64} << 20;  // of one chunk of logits in fp64

// [B, kv_heads, T, dh] → [B, heads, T, dh]: each key/value head serves a group of query heads.
at::Tensor spread_over_groups(const at::Tensor& x, int64_t heads) {
  const int64_t kv_heads = x.size(1), group = heads / kv_heads;
  if (group == 1) return x;
  return x.unsqueeze(2).expand({x.size(0), kv_heads, group, x.size(2), x.size(3)}).reshape({x.size(0), heads, x.size(2), x.size(3)});
}

constexpr int64_t kQueryChunk = 256;  // rows of a mask: memory is this times the keys they see, whatever the length of the prompt

// Rows [first, end) of the queries with the keys that any of them sees.
at::Tensor attend_rows(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, int64_t window, int64_t first, int64_t end) {
  const int64_t cached = k.size(2) - q.size(2), last_key = cached + end;
  const int64_t first_key = window > 0 ? std::max<int64_t>(0, cached + first + 1 - window) : 0;
  const int64_t rows = end - first, keys = last_key - first_key, behind = keys - rows;
  at::Tensor mask = at::ones({rows, keys}, q.options().dtype(at::kBool)).tril(behind);
  if (window > 0) mask = mask.triu(behind - window + 1);
  const auto seen = [&](const at::Tensor& x) { return x.slice(2, first_key, last_key); };
  return at::scaled_dot_product_attention(q.slice(2, first, end), seen(k), seen(v), mask, 0.0, /*is_causal=*/false);
}

// q [B, heads, T, dh]; k, v [B, heads, P + T, dh] with P cached positions in front. Causal: row i sees P + i + 1 keys, or with a window
// only the last `window` of them.
at::Tensor attend(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, int64_t window) {
  const int64_t rows = q.size(2), keys = k.size(2);
  const bool all_seen = window == 0 || keys <= window;
  if (all_seen && rows == keys) return at::scaled_dot_product_attention(q, k, v, {}, 0.0, /*is_causal=*/true);
  if (all_seen && rows == 1) return at::scaled_dot_product_attention(q, k, v, {}, 0.0, /*is_causal=*/false);
  std::vector<at::Tensor> parts;
  for (int64_t first = 0; first < rows; first += kQueryChunk) {
    parts.push_back(attend_rows(q, k, v, window, first, std::min(rows, first + kQueryChunk)));
  }
  return parts.size() == 1 ? parts.front() : at::cat(parts, 2);
}

// Puts the new keys or values behind the cached ones; returns all of them and keeps those that a later query can see.
at::Tensor extend(at::Tensor& cached, const at::Tensor& fresh, int64_t window) {
  const at::Tensor all = cached.defined() ? at::cat({cached, fresh}, 2) : fresh.contiguous();
  const bool whole = window == 0 || all.size(2) < window;
  cached = whole ? all : all.slice(2, all.size(2) - (window - 1)).contiguous();
  return all;
}

}  // namespace

at::Tensor rms_norm(const at::Tensor& x, const at::Tensor& gain, double epsilon) {
  const at::Tensor wide = x.to(x.scalar_type() == at::kDouble ? at::kDouble : at::kFloat);
  const at::Tensor normed = wide * at::rsqrt(wide.pow(2).mean(-1, /*keepdim=*/true) + epsilon);
  return gain * normed.to(x.scalar_type());
}

LayerForward::LayerForward(const ModelConfig& config, LayerIndex layer, const LayerWeights& weights, const Listeners& listeners,
                           WindowIndex first_window)
    : config_(config), layer_(layer), weights_(weights), listeners_(listeners), first_window_(first_window) {}

at::Tensor LayerForward::listen(SiteKind site, const at::Tensor& x) const { return listeners_.pass({layer_, site, first_window_}, x); }

at::Tensor LayerForward::qkv_input(const at::Tensor& h) const {
  listen(SiteKind::residual_in, h);  // only observed: the stream itself goes on untouched
  return listen(SiteKind::qkv_in, rms_norm(h, weights_.input_norm, config_.rms_epsilon));
}

at::Tensor LayerForward::attention(const at::Tensor& x, const RopeTables& rope, LayerCache* cache) const {
  const int64_t batch = x.size(0), tokens = x.size(1), dh = config_.head_dim, window = window_of(config_, layer_);
  const auto project = [&](LinearKind kind, int64_t heads) { return weights_[kind].apply(x).view({batch, tokens, heads, dh}); };
  const auto normed = [&](const at::Tensor& heads, const at::Tensor& gain) {
    return gain.defined() ? rms_norm(heads, gain, config_.rms_epsilon) : heads;
  };
  const at::Tensor q_heads = normed(project(LinearKind::q, config_.heads), weights_.q_norm);
  const at::Tensor k_heads = normed(project(LinearKind::k, config_.kv_heads), weights_.k_norm);
  const at::Tensor q = listen(SiteKind::q_out, apply_rope(q_heads, rope)).transpose(1, 2);
  at::Tensor k = listen(SiteKind::k_out, apply_rope(k_heads, rope)).transpose(1, 2);
  at::Tensor v = listen(SiteKind::v_out, project(LinearKind::v, config_.kv_heads)).transpose(1, 2);
  if (cache) {
    k = extend(cache->keys, k, window);
    v = extend(cache->values, v, window);
  }
  const at::Tensor o = attend(q, spread_over_groups(k, config_.heads), spread_over_groups(v, config_.heads), window);  // [B, heads, T, dh]
  return listen(SiteKind::o_in, o.transpose(1, 2).reshape({batch, tokens, config_.heads * dh}));
}

at::Tensor LayerForward::add_attention(const at::Tensor& h, const at::Tensor& o) const { return h + weights_[LinearKind::o].apply(o); }

at::Tensor LayerForward::gate_up_input(const at::Tensor& h) const {
  return listen(SiteKind::gate_up_in, rms_norm(h, weights_.post_attention_norm, config_.rms_epsilon));
}

at::Tensor LayerForward::down_input(const at::Tensor& x) const {
  const at::Tensor gate = weights_[LinearKind::gate].apply(x);  // before up: their dropouts draw from one stream
  return listen(SiteKind::down_in, at::silu(gate) * weights_[LinearKind::up].apply(x));
}

at::Tensor LayerForward::add_mlp(const at::Tensor& h, const at::Tensor& a) const { return h + weights_[LinearKind::down].apply(a); }

at::Tensor LayerForward::run(const at::Tensor& h, const RopeTables& rope, LayerCache* cache) const {
  const at::Tensor middle = add_attention(h, attention(qkv_input(h), rope, cache));
  return add_mlp(middle, down_input(gate_up_input(middle)));
}

at::Tensor logits_of(const at::Tensor& h, const at::Tensor& final_norm, const at::Tensor& head, double epsilon) {
  return at::linear(rms_norm(h, final_norm, epsilon), head);
}

at::Tensor token_nll(const at::Tensor& h, const at::Tensor& targets, const at::Tensor& final_norm, const at::Tensor& head, double epsilon) {
  const int64_t count = h.size(0), chunk = std::max<int64_t>(1, kLogitBytes / (8 * head.size(0)));
  std::vector<at::Tensor> parts;
  for (int64_t first = 0; first < count; first += chunk) {
    const int64_t end = std::min(count, first + chunk);
    const at::Tensor logits = logits_of(h.slice(0, first, end), final_norm, head, epsilon).to(at::kDouble);  // [rows, V]
    const at::Tensor picked = logits.gather(1, targets.slice(0, first, end).unsqueeze(1)).squeeze(1);
    parts.push_back(logits.logsumexp(1) - picked);
  }
  return parts.empty() ? at::empty({0}, h.options().dtype(at::kDouble)) : at::cat(parts);
}

}  // namespace rolora
