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

std::map<std::string, LoraPair> carried(const Adapter& adapter, const RotationRecord& record, const ModelConfig& config, bool forth) {
  const std::map<std::string, Place> known = places(config);
  const Way way(forth);
  std::map<std::string, LoraPair> out;
  for (const auto& [name, pair] : adapter.pairs) {
    const Place& place = known.at(name);
    const auto finished = [](const at::Tensor& x) { return x.to(at::kFloat).contiguous(); };
    out[name] = {finished(way.a(record, place, pair.a.to(at::kDouble))), finished(way.b(record, place, pair.b.to(at::kDouble)))};
    for (const at::Tensor* x : {&out[name].a, &out[name].b}) {
      if (!at::isfinite(*x).all().item<bool>()) throw NumericError(name + ": expected values that fp32 can hold, found larger ones");
    }
  }
  return out;
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

Adapter adapter_to_rotated(const Adapter& plain, const RotationRecord& record, const ModelConfig& config, const std::string& rotated_hash) {
  require_same_rotation(plain, "ADAPTER", "");
  if (!plain.base_hash.empty() && plain.base_hash != record.base_hash) {
    throw InputError("ADAPTER", "base", "the weights that were rotated, " + record.base_hash, plain.base_hash);
  }
  Adapter out = plain;
  out.pairs = carried(plain, record, config, true);
  out.rotation_checksum = record.checksum();
  out.base_hash = rotated_hash;
  return out;
}

Adapter adapter_to_plain(const Adapter& rotated, const RotationRecord& record, const ModelConfig& config) {
  require_same_rotation(rotated, "ADAPTER", record.checksum());
  refuse_zero_gains(rotated, record, config);
  Adapter out = rotated;
  out.pairs = carried(rotated, record, config, false);
  out.rotation_checksum.clear();
  out.base_hash = record.base_hash;
  return out;
}

double update_difference(const Adapter& plain, const Adapter& rotated, const RotationRecord& record, const ModelConfig& config) {
  double most = 0;
  for (const auto& [name, place] : places(config)) {
    const auto pair = plain.pairs.find(name);
    if (pair == plain.pairs.end()) continue;
    const auto update = [](const LoraPair& p) { return at::mm(p.b.to(at::kDouble), p.a.to(at::kDouble)); };  // [out, in]
    const at::Tensor folded = fold_update(record, place.layer, place.kind, update(pair->second));
    const at::Tensor there = update(rotated.pairs.at(name));
    const double size = there.norm().item<double>();
    const double apart = (folded - there).norm().item<double>();
    if (apart > 0) most = std::max(most, size > 0 ? apart / size : 1.0);
  }
  return most;
}

}  // namespace rolora
