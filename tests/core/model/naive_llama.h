// SPDX-License-Identifier: GPL-3.0-or-later
// LLaMA's forward pass written out with scalars in fp64, independently of core/model: the yardstick of its tests.
#pragma once

#include <cmath>
#include <map>
#include <string>
#include <vector>

namespace rolora::test {

struct NaiveShape {
  int hidden, intermediate, layers, heads, kv_heads, head_dim, vocabulary;
  double epsilon, theta;
};

using NaiveTensors = std::map<std::string, std::vector<double>>;
using Matrix = std::vector<std::vector<double>>;

class NaiveLlama {
 public:
  NaiveLlama(NaiveShape shape, NaiveTensors tensors) : s_(shape), t_(std::move(tensors)) {}

  /// Logits of every position, [T][V].
  Matrix logits(const std::vector<int>& ids) const {
    Matrix h;
    for (int id : ids) h.push_back(row("model.embed_tokens.weight", id, s_.hidden));
    for (int layer = 0; layer < s_.layers; ++layer) {
      const std::string p = "model.layers." + std::to_string(layer) + ".";
      add_attention(h, p);
      add_mlp(h, p);
    }
    Matrix out;
    const std::string head = t_.count("lm_head.weight") ? "lm_head.weight" : "model.embed_tokens.weight";
    for (const auto& x : h) out.push_back(times(head, norm(x, "model.norm.weight"), s_.vocabulary));
    return out;
  }

 private:
  std::vector<double> row(const std::string& name, int r, int width) const {
    const auto& w = t_.at(name);
    return {w.begin() + r * width, w.begin() + (r + 1) * width};
  }

  std::vector<double> times(const std::string& name, const std::vector<double>& x, int out) const {
    const auto& w = t_.at(name);
    std::vector<double> y(out, 0.0);
    for (int o = 0; o < out; ++o) {
      for (size_t i = 0; i < x.size(); ++i) y[o] += w[o * x.size() + i] * x[i];
    }
    return y;
  }

  std::vector<double> linear(const std::string& name, const std::vector<double>& x, int out) const {
    std::vector<double> y = times(name + ".weight", x, out);
    const auto bias = t_.find(name + ".bias");
    if (bias != t_.end()) {
      for (int o = 0; o < out; ++o) y[o] += bias->second[o];
    }
    return y;
  }

  std::vector<double> norm(const std::vector<double>& x, const std::string& gain) const {
    double square = 0;
    for (double v : x) square += v * v;
    const double scale = 1 / std::sqrt(square / x.size() + s_.epsilon);
    std::vector<double> y(x.size());
    for (size_t i = 0; i < x.size(); ++i) y[i] = x[i] * scale * t_.at(gain)[i];
    return y;
  }

  // Pair (i, i + dh/2) of a head turns by position · theta^(−2i/dh).
  void turn(std::vector<double>& x, int head, int position) const {
    const int half = s_.head_dim / 2;
    for (int i = 0; i < half; ++i) {
      const double angle = position * std::pow(s_.theta, -2.0 * i / s_.head_dim);
      double& a = x[head * s_.head_dim + i];
      double& b = x[head * s_.head_dim + i + half];
      const double a0 = a, b0 = b;
      a = a0 * std::cos(angle) - b0 * std::sin(angle);
      b = b0 * std::cos(angle) + a0 * std::sin(angle);
    }
  }

  void add_attention(Matrix& h, const std::string& p) const {
    Matrix q, k, v;
    for (size_t t = 0; t < h.size(); ++t) {
      const auto x = norm(h[t], p + "input_layernorm.weight");
      q.push_back(linear(p + "self_attn.q_proj", x, s_.heads * s_.head_dim));
      k.push_back(linear(p + "self_attn.k_proj", x, s_.kv_heads * s_.head_dim));
      v.push_back(linear(p + "self_attn.v_proj", x, s_.kv_heads * s_.head_dim));
      for (int head = 0; head < s_.heads; ++head) turn(q[t], head, static_cast<int>(t));
      for (int head = 0; head < s_.kv_heads; ++head) turn(k[t], head, static_cast<int>(t));
    }
    for (size_t t = 0; t < h.size(); ++t) {
      std::vector<double> o(s_.heads * s_.head_dim, 0.0);
      for (int head = 0; head < s_.heads; ++head) mix_head(q[t], k, v, head, t, o);
      const auto y = linear(p + "self_attn.o_proj", o, s_.hidden);
      for (int i = 0; i < s_.hidden; ++i) h[t][i] += y[i];
    }
  }

  void mix_head(const std::vector<double>& q, const Matrix& k, const Matrix& v, int head, size_t t, std::vector<double>& o) const {
    const int dh = s_.head_dim, shared = head / (s_.heads / s_.kv_heads);
    std::vector<double> weight(t + 1);
    double most = -INFINITY, total = 0;
    for (size_t j = 0; j <= t; ++j) {
      double dot = 0;
      for (int i = 0; i < dh; ++i) dot += q[head * dh + i] * k[j][shared * dh + i];
      weight[j] = dot / std::sqrt(static_cast<double>(dh));
      most = std::max(most, weight[j]);
    }
    for (double& w : weight) total += w = std::exp(w - most);
    for (size_t j = 0; j <= t; ++j) {
      for (int i = 0; i < dh; ++i) o[head * dh + i] += weight[j] / total * v[j][shared * dh + i];
    }
  }

  void add_mlp(Matrix& h, const std::string& p) const {
    for (auto& x : h) {
      const auto n = norm(x, p + "post_attention_layernorm.weight");
      auto g = linear(p + "mlp.gate_proj", n, s_.intermediate);
      const auto u = linear(p + "mlp.up_proj", n, s_.intermediate);
      for (int i = 0; i < s_.intermediate; ++i) g[i] = g[i] / (1 + std::exp(-g[i])) * u[i];
      const auto y = linear(p + "mlp.down_proj", g, s_.hidden);
      for (int i = 0; i < s_.hidden; ++i) x[i] += y[i];
    }
  }

  NaiveShape s_;
  NaiveTensors t_;
};

}  // namespace rolora::test
