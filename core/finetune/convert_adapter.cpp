// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/finetune/convert_adapter.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <utility>

#include "core/base/error.h"
#include "core/rotation/fold_update.h"

namespace rolora {
namespace {

struct Place {
  LayerIndex layer{0};
  LinearKind kind = LinearKind::q;
};

/// Which linear of the model a pair's name means.
std::map<std::string, Place> places(const ModelConfig& config) {
  std::map<std::string, Place> out;
  for (int64_t i = 0; i < config.layers; ++i) {
    for (const LinearKind kind : kAllLinears) out[linear_name(*config.family, LayerIndex(i), kind)] = {LayerIndex(i), kind};
  }
  return out;
}

bool reads_stream(LinearKind kind) { return kind != LinearKind::o && kind != LinearKind::down; }

at::Tensor gain_of(const RotationRecord& record, const Place& place) {
  if (!record.gains_folded || !reads_stream(place.kind)) return {};
  const bool mlp = place.kind == LinearKind::gate || place.kind == LinearKind::up;
  return (mlp ? record.post_attention_gains : record.input_gains)[place.layer.value];  // [d]
}

/// One of the two ways through an orthogonal map.
class Way {
 public:
  explicit Way(bool forth) : forth_(forth) {}
  /// x [.., n] → x M, or x Mᵀ.
  at::Tensor rows(const OrthogonalMap& map, const at::Tensor& x) const {
    if (!map) return x;
    const at::Tensor by_order = x.reshape({-1, map.order});  // heads one by one, where the map is one head's
    return (forth_ ? map.apply(by_order) : map.apply_transposed(by_order)).reshape(x.sizes());
  }
  /// x [n, ..] → Mᵀ x, or M x.
  at::Tensor columns(const OrthogonalMap& map, const at::Tensor& x) const {
    return map ? rows(map, x.transpose(0, 1).contiguous()).transpose(0, 1).contiguous() : x;
  }
  at::Tensor a(const RotationRecord& record, const Place& place, at::Tensor x) const {  // [r, in]
    const at::Tensor gain = gain_of(record, place);
    if (place.kind == LinearKind::o) return rows(record.r2, x);
    if (place.kind == LinearKind::down) return rows(record.r4, x);
    if (gain.defined() && forth_) x = x * gain;
    x = rows(record.r1, x);
    return gain.defined() && !forth_ ? x / gain : x;
  }
  at::Tensor b(const RotationRecord& record, const Place& place, const at::Tensor& x) const {  // [out, r]
    if (place.kind == LinearKind::v) return columns(record.r2, x);
    return reads_stream(place.kind) ? x : columns(record.r1, x);
  }

 private:
  bool forth_;
};

at::Tensor finished(const at::Tensor& x, const std::string& name) {
  const at::Tensor value = x.to(at::kFloat).contiguous();
  if (at::isfinite(value).all().item<bool>()) return value;
  throw NumericError(name + ": expected values that fp32 can hold, found larger ones");
}

std::map<std::string, LoraPair> carried(const Adapter& adapter, const RotationRecord& record, const ModelConfig& config, const Way& way) {
  const std::map<std::string, Place> known = places(config);
  std::map<std::string, LoraPair> out;
  for (const auto& [name, pair] : adapter.pairs) {
    const Place& place = known.at(name);
    out[name] = {finished(way.a(record, place, pair.a.to(at::kDouble)), name), finished(way.b(record, place, pair.b.to(at::kDouble)), name),
                 pair.magnitude, pair.factor};
  }
  return out;
}

/// W + scaling · B A in fp64. [out, in]
at::Tensor adapted_sum(const at::Tensor& weight, const LoraPair& pair, double scaling) {
  return weight.to(at::kDouble).add(at::mm(pair.b.to(at::kDouble), pair.a.to(at::kDouble)), scaling * pair.factor);
}

at::Tensor lengths(const at::Tensor& rows) { return rows.norm(2, 1); }

// Rescales the magnitudes of `out`, which `adapter` has become, by what happened to the lengths of its rows.
void carry_magnitudes(const Adapter& adapter, const RotationRecord& record, const ModelSource& base, const Way& way, Adapter& out) {
  const double scaling = adapter.settings.scaling();
  LayerIndex held(-1);
  LayerWeights weights;
  const auto weight_of = [&](const Place& place) {
    if (held.value != place.layer.value) weights = base.layer(place.layer, Compute{at::kDouble, at::kCPU});
    held = place.layer;
    return weights[place.kind].weight;
  };
  for (const auto& [name, place] : places(base.config())) {
    if (const auto pair = adapter.pairs.find(name); pair != adapter.pairs.end() && gain_of(record, place).defined()) {
      const at::Tensor rows = adapted_sum(weight_of(place), pair->second, scaling), before = lengths(rows);
      const at::Tensor ratio = lengths(way.a(record, place, rows)) / before;  // a row of zeros has no length to follow
      out.pairs[name].magnitude = finished(pair->second.magnitude * at::where(before == 0, at::ones_like(ratio), ratio), name);
    }
    if (out.resting.contains(name)) {
      const at::Tensor there = way.b(record, place, way.a(record, place, weight_of(place).to(at::kDouble)));
      out.resting[name] = finished(lengths(there), name);
    }
  }
}

void refuse_rotated_outputs(const Adapter& adapter, const RotationRecord& record, const ModelConfig& config) {
  if (!adapter.settings.dora) return;
  const std::map<std::string, Place> known = places(config);
  for (const auto& [name, pair] : adapter.pairs) {
    const LinearKind kind = known.at(name).kind;
    if (!(kind == LinearKind::v ? record.r2 : reads_stream(kind) ? OrthogonalMap() : record.r1)) continue;
    throw InputError("ADAPTER", name,
                     std::string("a DoRA of linears whose outputs ") + (kind == LinearKind::v ? "R2" : "R1") +
                         " does not rotate (it mixes rows that have magnitudes of their own, and no magnitudes of the mixed rows compute "
                         "the same; merge the adapter instead: into the plain model, then rotate that, or into the rotated one where it "
                         "was trained there)",
                     "a magnitude of one");
  }
}

void refuse_zero_gains(const Adapter& adapter, const RotationRecord& record, const ModelConfig& config) {
  const std::map<std::string, Place> known = places(config);
  for (const auto& [name, pair] : adapter.pairs) {
    const at::Tensor gain = gain_of(record, known.at(name));
    if (!gain.defined() || !gain.eq(0).any().item<bool>()) continue;
    const int64_t channel = gain.eq(0).nonzero()[0][0].item<int64_t>();
    throw InputError("rotation.safetensors", name,
                     "gains other than zero (an adapter on the rotated side may use what the plain model cannot)",
                     "0 at channel " + std::to_string(channel));
  }
}

}  // namespace

Adapter adapter_to_rotated(const Adapter& plain, const RotationRecord& record, const ModelSource& base, const std::string& rotated_hash) {
  require_same_rotation(plain, "ADAPTER", "");
  if (!plain.base_hash.empty() && plain.base_hash != record.base_hash) {
    throw InputError("ADAPTER", "base", "the weights that were rotated, " + record.base_hash, plain.base_hash);
  }
  refuse_rotated_outputs(plain, record, base.config());
  const Way way(true);
  Adapter out = plain;
  out.pairs = carried(plain, record, base.config(), way);
  if (plain.settings.dora) carry_magnitudes(plain, record, base, way, out);
  out.rotation_checksum = record.checksum();
  out.base_hash = rotated_hash;
  return out;
}

Adapter adapter_to_plain(const Adapter& rotated, const RotationRecord& record, const ModelSource& base) {
  require_same_rotation(rotated, "ADAPTER", record.checksum());
  refuse_rotated_outputs(rotated, record, base.config());
  refuse_zero_gains(rotated, record, base.config());
  const Way way(false);
  Adapter out = rotated;
  out.pairs = carried(rotated, record, base.config(), way);
  if (rotated.settings.dora) carry_magnitudes(rotated, record, base, way, out);
  out.rotation_checksum.clear();
  out.base_hash = record.base_hash;
  return out;
}

namespace {

double relative(const at::Tensor& found, const at::Tensor& expected) {
  const double size = expected.norm().item<double>(), apart = (found - expected).norm().item<double>();
  if (apart == 0) return 0;
  return size > 0 ? apart / size : 1.0;
}

// diag(m / ‖rows‖) (W + scaling · B A)
at::Tensor adapted_weight(const at::Tensor& weight, const LoraPair& pair, double scaling) {
  Linear linear{weight.to(at::kDouble), {}, {}};
  linear.adapter = std::make_shared<AdapterTerm>(AdapterTerm{pair.a, pair.b, scaling * pair.factor, 0, false, pair.magnitude});
  return linear.merged_weight();
}

}  // namespace

double update_difference(const Adapter& plain, const Adapter& rotated, const RotationRecord& record, const ModelSource& base,
                         bool base_is_rotated) {
  const ModelConfig& config = base.config();
  const double scaling = plain.settings.scaling();
  double most = 0;
  for (int64_t layer = 0; layer < config.layers; ++layer) {
    const LayerWeights weights = plain.settings.dora ? base.layer(LayerIndex(layer), Compute{at::kDouble, at::kCPU}) : LayerWeights();
    for (const LinearKind kind : targets_of(plain, config, LayerIndex(layer))) {
      const Place place{LayerIndex(layer), kind};
      const std::string name = linear_name(*config.family, place.layer, kind);
      const LoraPair &here = plain.pairs.at(name), &there = rotated.pairs.at(name);
      const auto update = [](const LoraPair& p) { return at::mm(p.b.to(at::kDouble), p.a.to(at::kDouble)); };  // [out, in]
      most = std::max(most, relative(fold_update(record, place.layer, kind, update(here)), update(there)));
      if (!plain.settings.dora) continue;
      const at::Tensor w = weights[kind].weight;
      const Way back(false);
      const at::Tensor w_plain = base_is_rotated ? back.b(record, place, back.a(record, place, w)) : w;
      const at::Tensor w_rotated = base_is_rotated ? w : fold_update(record, place.layer, kind, w);
      const at::Tensor folded = fold_update(record, place.layer, kind, adapted_weight(w_plain, here, scaling));
      most = std::max(most, relative(folded, adapted_weight(w_rotated, there, scaling)));
    }
  }
  return most;
}

}  // namespace rolora
