// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/rotation/diagnosis.h"

#include <ATen/Functions.h>

#include <cstdio>
#include <limits>
#include <optional>

#include "core/base/random.h"

namespace rolora {
namespace {

const Compute kExact{at::kDouble, at::kCPU};
constexpr int64_t kProbes = 64;

at::Tensor gaussian(std::vector<int64_t> shape, const char* purpose) {
  Random random(0, purpose);
  at::Tensor values = at::empty(shape, at::kDouble);
  for (int64_t i = 0; i < values.numel(); ++i) values.mutable_data_ptr<double>()[i] = random.normal();
  return values;
}

// One model's parts, all seen from the embedding: e [n, d] are rows of the embedding in the model's own basis.
struct Side {
  const ModelSource& source;
  Listeners listeners;
  at::Tensor e;

  Side(const ModelSource& s, const at::Tensor& ids) : source(s), e(s.embed(ids, kExact)) { source.attach(listeners, kExact); }

  // e diag(gain) Wᵀ: the same in every basis. [n, out]
  at::Tensor read(const Linear& linear, const at::Tensor& gain) const { return (e * gain).matmul(linear.weight.t()); }
  // u Wᵀ eᵀ, u [.., in]: what W writes into the stream, seen from the embedding. [.., n]
  at::Tensor write(const Linear& linear, const at::Tensor& u) const { return u.matmul(linear.weight.t()).matmul(e.t()); }
  // Values [n, kv·dh] as the queries' heads see them. [n, heads·dh]
  at::Tensor spread(const at::Tensor& values) const {
    const ModelConfig& c = source.config();
    const at::Tensor heads = values.view({-1, c.kv_heads, 1, c.head_dim}).expand({-1, c.kv_heads, c.heads / c.kv_heads, c.head_dim});
    return heads.reshape({-1, c.heads * c.head_dim});
  }
  at::Tensor online(LayerIndex layer, SiteKind site, const at::Tensor& x) const { return listeners.pass({layer, site, WindowIndex(0)}, x); }
};

class Diagnosis {
 public:
  Diagnosis(const ModelSource& original, const ModelSource& rotated, double bound)
      : config_(original.config()), ids_(sample_ids(config_.vocabulary)), a_(original, ids_), b_(rotated, ids_), tolerance_(bound / 4) {}

  std::string run() {
    if (const auto cause = embedding_cause()) return *cause;
    std::optional<std::string> cause;
    for (int64_t i = 0; i < config_.layers && !cause; ++i) cause = layer_cause(LayerIndex(i));
    if (!cause) cause = head_cause();
    if (cause && one_tensor_for_both()) return kTiedText;
    return cause.value_or("");
  }

 private:
  static constexpr const char* kTiedText =
      "tied head: embedding and head were one tensor, and rotating it for both rotated it twice (untie before rotating)";

  static at::Tensor sample_ids(int64_t vocabulary) {
    const int64_t count = std::min(vocabulary, kProbes);
    return at::arange(count, at::kLong) * (vocabulary / count);
  }

  // ‖rotated − original‖ / ‖original‖; infinity where shapes differ, NaN stays NaN.
  static double error_of(const at::Tensor& original, const at::Tensor& rotated) {
    if (original.sizes() != rotated.sizes()) return std::numeric_limits<double>::infinity();
    const double size = original.norm().item<double>(), error = (original - rotated).norm().item<double>();
    return size > 0 ? error / size : error;
  }
  bool differ(const at::Tensor& original, const at::Tensor& rotated) const {
    return !(error_of(original, rotated) <= tolerance_);  // true for NaN
  }

  // A part in a wrong basis is off by its own size; one that was rounded to 16 bits on the way by a few thousandths.
  static std::string basis_or_rounding(const at::Tensor& original, const at::Tensor& rotated, const std::string& part,
                                       const std::string& basis_text) {
    const double error = error_of(original, rotated);
    if (!(error < 1e-2)) return basis_text;
    char text[32];
    std::snprintf(text, sizeof text, "%.1e", error);
    return "dtype: " + part + " is off by a relative " + text + ", the size of rounding to 16 bits before the store";
  }

  // Is the rotated model's head still the tensor that is its embedding?
  bool one_tensor_for_both() const { return config_.tied && !differ(b_.e, head_rows(b_)); }

  at::Tensor head_rows(const Side& side) const {
    // fp32 halves the memory of the largest tensor; only an fp64 gate needs more.
    const Compute compute{tolerance_ < 1e-7 ? at::kDouble : at::kFloat, at::kCPU};
    return side.source.head(compute).index_select(0, ids_).to(at::kDouble);
  }

  std::optional<std::string> embedding_cause() const {
    if (a_.e.sizes() != b_.e.sizes()) return "width: the embeddings have different shapes";
    const at::Tensor gram = b_.e.matmul(b_.e.t());
    if (!differ(a_.e.matmul(a_.e.t()), gram)) return std::nullopt;
    const at::Tensor centred = a_.e - a_.e.mean(1, /*keepdim=*/true);
    if (!differ(centred.matmul(centred.t()), gram)) {
      return "centring: the mean of each embedding row was subtracted, which RMSNorm models are not invariant to";
    }
    if (one_tensor_for_both()) return kTiedText;
    return basis_or_rounding(a_.e.matmul(a_.e.t()), gram, "the embedding", "embedding: its rows were not turned by an orthogonal matrix");
  }

  std::string named(LayerIndex layer, LinearKind kind, const char* tail) const { return linear_name(*config_.family, layer, kind) + tail; }

  std::optional<std::string> layer_cause(LayerIndex layer) const {
    const LayerWeights x = a_.source.layer(layer, kExact), y = b_.source.layer(layer, kExact);
    for (LinearKind kind : kAllLinears) {
      if (x[kind].weight.sizes() != y[kind].weight.sizes()) return "width: " + named(layer, kind, ".weight has another shape");
    }
    if (auto cause = reader_cause(layer, x, y)) return cause;
    if (auto cause = head_norm_cause(layer, x, y)) return cause;
    if (auto cause = bias_cause(layer, x, y)) return cause;
    if (auto cause = value_cause(layer, x, y)) return cause;
    if (auto cause = score_cause(layer)) return cause;
    return down_cause(layer, x, y);
  }

  std::optional<std::string> reader_cause(LayerIndex layer, const LayerWeights& x, const LayerWeights& y) const {
    for (LinearKind kind : {LinearKind::q, LinearKind::k, LinearKind::gate, LinearKind::up}) {
      const bool attention = kind == LinearKind::q || kind == LinearKind::k;
      const at::Tensor& gain_x = attention ? x.input_norm : x.post_attention_norm;
      const at::Tensor& gain_y = attention ? y.input_norm : y.post_attention_norm;
      const at::Tensor found = b_.read(y[kind], gain_y);
      if (!differ(a_.read(x[kind], gain_x), found)) continue;
      if (!differ(a_.read(x[kind], at::ones_like(gain_x)), found)) {
        return "gain: the norm before " + named(layer, kind, " lost its gain, and it was not folded into the weight");
      }
      return basis_or_rounding(a_.read(x[kind], gain_x), found, named(layer, kind, ".weight"),
                               "R1: " + named(layer, kind, ".weight is not in the basis of the embedding"));
    }
    return std::nullopt;
  }

  // No rotation touches the gains of queries and keys.
  std::optional<std::string> head_norm_cause(LayerIndex layer, const LayerWeights& x, const LayerWeights& y) const {
    for (const LayerNorm& norm : layer_norms(config_)) {
      if (norm.gain != &LayerWeights::q_norm && norm.gain != &LayerWeights::k_norm) continue;
      const at::Tensor &p = x.*norm.gain, &q = y.*norm.gain;
      if (p.defined() == q.defined() && (!p.defined() || !differ(p, q))) continue;
      return "gain: " + layer_tensor(*config_.family, layer, norm.tail) + " is not what it was";
    }
    return std::nullopt;
  }

  std::optional<std::string> bias_cause(LayerIndex layer, const LayerWeights& x, const LayerWeights& y) const {
    for (LinearKind kind : kAllLinears) {
      if (x[kind].bias.defined() != y[kind].bias.defined()) return "bias: " + named(layer, kind, ".bias is missing on one side");
      if (!x[kind].bias.defined()) continue;
      at::Tensor p = x[kind].bias, q = y[kind].bias;
      if (kind == LinearKind::o || kind == LinearKind::down) {
        p = p.matmul(a_.e.t());
        q = q.matmul(b_.e.t());
      } else if (kind == LinearKind::v) {
        p = a_.write(x[LinearKind::o], a_.spread(p));
        q = b_.write(y[LinearKind::o], b_.spread(q));
      }
      if (differ(p, q) && !(kind == LinearKind::v && values_differ(x, y))) {
        return "bias: " + named(layer, kind, ".bias was not rotated with its weight");
      }
    }
    return std::nullopt;
  }

  // From the embedding through Wv and Wo back to the embedding, attention left out: free of R1 and R2.
  static at::Tensor value_path(const Side& side, const LayerWeights& l) {
    return side.write(l[LinearKind::o], side.spread(side.read(l[LinearKind::v], l.input_norm)));
  }
  bool values_differ(const LayerWeights& x, const LayerWeights& y) const { return differ(value_path(a_, x), value_path(b_, y)); }

  std::optional<std::string> value_cause(LayerIndex layer, const LayerWeights& x, const LayerWeights& y) const {
    if (!values_differ(x, y)) return std::nullopt;
    const auto gram = [this](const Side& side, const Linear& v, const at::Tensor& gain) {
      const at::Tensor heads = side.read(v, gain).view({-1, config_.kv_heads, config_.head_dim}).transpose(0, 1);  // [kv, n, dh]
      return heads.matmul(heads.transpose(1, 2));
    };
    const bool v_wrong = differ(gram(a_, x[LinearKind::v], x.input_norm), gram(b_, y[LinearKind::v], y.input_norm));
    if (v_wrong) return "R1: " + named(layer, LinearKind::v, ".weight is not in the basis of the embedding");
    return "R2: " +
           named(layer, LinearKind::o, ".weight does not undo what v_proj does to each head, or is not in the stream's basis (R1)");
  }

  std::optional<std::string> score_cause(LayerIndex layer) const {
    const at::Tensor q = gaussian({1, 4, config_.heads, config_.head_dim}, "q"),
                     k = gaussian({1, 4, config_.kv_heads, config_.head_dim}, "k");
    const auto scores = [&](const Side& side) {
      return side.online(layer, SiteKind::q_out, q)
          .select(2, 0)
          .matmul(side.online(layer, SiteKind::k_out, k).select(2, 0).transpose(1, 2));
    };
    if (!differ(scores(a_), scores(b_))) return std::nullopt;
    return "R3: the online rotations of queries and keys of layer " + std::to_string(layer.value) + " differ";
  }

  std::optional<std::string> down_cause(LayerIndex layer, const LayerWeights& x, const LayerWeights& y) const {
    const at::Tensor probe = gaussian({1, kProbes, config_.intermediate}, "down");
    const at::Tensor expected = a_.write(x[LinearKind::down], a_.online(layer, SiteKind::down_in, probe));
    const at::Tensor found = b_.write(y[LinearKind::down], b_.online(layer, SiteKind::down_in, probe));
    if (!differ(expected, found)) return std::nullopt;
    return basis_or_rounding(expected, found, named(layer, LinearKind::down, ".weight"),
                             "R4: what is rotated online at " + site_name(layer, SiteKind::down_in) + " is not what is folded into " +
                                 named(layer, LinearKind::down, " (seed, signs, order or construction differ)"));
  }

  std::optional<std::string> head_cause() const {
    const at::Tensor gain_a = a_.source.final_norm(kExact), gain_b = b_.source.final_norm(kExact);
    const at::Tensor found = (b_.e * gain_b).matmul(head_rows(b_).t());
    const at::Tensor head = head_rows(a_).t();
    const at::Tensor expected = (a_.e * gain_a).matmul(head);
    if (!differ(expected, found)) return std::nullopt;
    if (!differ(a_.e.matmul(head), found)) return "gain: the final norm lost its gain, and it was not folded into the head";
    return basis_or_rounding(expected, found, "the head",
                             config_.tied ? kTiedText : "head: its weight is not in the basis of the embedding");
  }

  const ModelConfig& config_;
  at::Tensor ids_;
  Side a_, b_;
  double tolerance_;
};

}  // namespace

std::string likely_cause(const ModelSource& original, const ModelSource& rotated, double bound) {
  return Diagnosis(original, rotated, bound).run();
}

}  // namespace rolora
