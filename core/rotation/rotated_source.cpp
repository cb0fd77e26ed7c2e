// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/rotation/rotated_source.h"

#include <ATen/Functions.h>

#include "core/base/error.h"
#include "core/rotation/fold_update.h"

namespace rolora {
namespace {

// Weights stored in fp32 or less are fetched in fp32, which holds them exactly in half the memory of fp64.
at::ScalarType exact_type(const ModelSource& plain) {
  const auto* checkpoint = dynamic_cast<const Checkpoint*>(&plain);
  if (!checkpoint) return at::kDouble;
  for (const std::string& name : checkpoint->store().names()) {
    if (checkpoint->store().entry(name).type == StoredType::F64) return at::kDouble;
  }
  return at::kFloat;
}

at::Tensor finished(const at::Tensor& x, const Compute& compute) { return x.to(compute.type).to(compute.device); }

// Bias of a linear whose output lives in the rotated basis: b ← Mᵀ b. Shapes [out] with out a multiple of M's order.
at::Tensor rotated_bias(const at::Tensor& bias, const OrthogonalMap& map) {
  if (!bias.defined() || !map) return bias;
  return map.apply(bias.to(at::kDouble).view({-1, map.order})).view({-1});
}

// W diag(gain) M in fp64, rounded once to `type`; without a map or a gain what is left of it.
at::Tensor fold_reader(const at::Tensor& w, const at::Tensor& gain, const OrthogonalMap& map, at::ScalarType type) {
  if (map) return rotate_rows(w, map, gain, type);
  return gain.defined() ? (w.to(at::kDouble) * gain).to(type) : w.to(type);
}

// The linears of one layer; each method is one line of the method's list (2 R1, 3 R2, 5 R4).
class LinearFold {
 public:
  LinearFold(const RotationRecord& record, LayerIndex layer, at::ScalarType type) : record_(record), type_(type) {
    if (!record.gains_folded) return;
    input_gain_ = record.input_gains[layer.value];
    post_attention_gain_ = record.post_attention_gains[layer.value];
  }

  void fold(LinearKind kind, Linear& linear) const {
    switch (kind) {
      case LinearKind::q:
      case LinearKind::k:
        linear.weight = fold_reader(linear.weight, input_gain_, record_.r1, type_);
        break;
      case LinearKind::v:
        linear.weight = heads_of_rows(fold_reader(linear.weight, input_gain_, record_.r1, record_.r2 ? at::kDouble : type_));
        linear.bias = rotated_bias(linear.bias, record_.r2);
        break;
      case LinearKind::o:
        linear.weight = writer(heads_of_columns(linear.weight));
        linear.bias = rotated_bias(linear.bias, record_.r1);
        break;
      case LinearKind::gate:
      case LinearKind::up:
        linear.weight = fold_reader(linear.weight, post_attention_gain_, record_.r1, type_);
        break;
      case LinearKind::down:
        if (record_.r4) linear.weight = rotate_rows(linear.weight, record_.r4, {}, record_.r1 ? at::kDouble : type_);
        linear.weight = writer(linear.weight);
        linear.bias = rotated_bias(linear.bias, record_.r1);
        break;
    }
  }

 private:
  // W ← Qᵀ W
  at::Tensor writer(const at::Tensor& w) const { return record_.r1 ? rotate_columns(w, record_.r1, type_) : w.to(type_); }

  // Rows of Wv per key/value head ← Pᵀ ·
  at::Tensor heads_of_rows(const at::Tensor& w) const {
    if (!record_.r2) return w;
    const int64_t dh = record_.r2.order;
    const at::Tensor by_head = w.view({-1, dh, w.size(1)}).transpose(1, 2).contiguous();  // [kv, in, dh]
    return record_.r2.apply(by_head).transpose(1, 2).reshape(w.sizes()).to(type_);
  }

  // Columns of Wo per head ← · P; every head of a group meets its key/value head's P, which is one and the same.
  at::Tensor heads_of_columns(const at::Tensor& w) const {
    if (!record_.r2) return w;
    return record_.r2.apply(w.to(at::kDouble).view({w.size(0), -1, record_.r2.order})).view(w.sizes());
  }

  const RotationRecord& record_;
  at::ScalarType type_;
  at::Tensor input_gain_, post_attention_gain_;
};

}  // namespace

at::Tensor fold_update(const RotationRecord& record, LayerIndex layer, LinearKind kind, const at::Tensor& update) {
  Linear linear;
  linear.weight = update.to(at::kDouble);
  LinearFold(record, layer, at::kDouble).fold(kind, linear);
  return linear.weight;
}

namespace {

// R4 on what goes into down_proj, R3 on the heads of queries and keys.
class OnlineRotation final : public SiteListener {
 public:
  OnlineRotation(const RotationRecord& record, const Compute& compute)
      : r3_(record.r3.prepared(compute)), r4_(record.r4.prepared(compute)) {}
  at::Tensor visit(const SiteVisit& where, const at::Tensor& x) override {
    if (where.site == SiteKind::down_in && r4_) return r4_.apply(x);
    if ((where.site == SiteKind::q_out || where.site == SiteKind::k_out) && r3_) return r3_.apply(x);
    return x;
  }

 private:
  OrthogonalMap r3_, r4_;
};

}  // namespace

void attach_online_rotations(const RotationRecord& record, Listeners& listeners, const Compute& compute) {
  if (record.r3 || record.r4) listeners.add(ListenerStage::rotation, std::make_shared<OnlineRotation>(record, compute));
}

RotatedSource::RotatedSource(std::shared_ptr<const ModelSource> plain, RotationRecord record)
    : plain_(std::move(plain)), record_(std::move(record)), config_(plain_->config()), exact_{exact_type(*plain_), at::kCPU} {
  require_fitting(record_, config_, "rotation");
  config_.tied = false;
}

LayerWeights RotatedSource::layer(LayerIndex index, const Compute& compute) const {
  LayerWeights weights = plain_->layer(index, exact_);
  const LinearFold fold(record_, index, compute.type);
  for (LinearKind kind : kAllLinears) {
    Linear& linear = weights[kind];
    if (linear.adapter) {
      throw InputError("rotation", linear_name(*config_.family, index, kind), "a linear without an adapter (merge it first)", "one with");
    }
    fold.fold(kind, linear);
    linear.weight = linear.weight.to(compute.device);
    if (linear.bias.defined()) linear.bias = finished(linear.bias, compute);
  }
  for (at::Tensor* norm : {&weights.input_norm, &weights.post_attention_norm}) {
    *norm = finished(record_.gains_folded ? at::ones_like(*norm) : *norm, compute);
  }
  // Gains of queries and keys stand between a linear and RoPE, in a basis that no rotation touches: they stay as they are.
  for (at::Tensor* norm : {&weights.q_norm, &weights.k_norm}) {
    if (norm->defined()) *norm = finished(*norm, compute);
  }
  return weights;
}

at::Tensor RotatedSource::embed(const at::Tensor& ids, const Compute& compute) const {
  const at::Tensor rows = plain_->embed(ids, exact_);
  return finished(record_.r1 ? record_.r1.apply(rows.to(at::kDouble)) : rows, compute);
}

at::Tensor RotatedSource::final_norm(const Compute& compute) const {
  const at::Tensor norm = plain_->final_norm(exact_);
  return finished(record_.gains_folded ? at::ones_like(norm) : norm, compute);
}

at::Tensor RotatedSource::head(const Compute& compute) const {
  return fold_reader(plain_->head(exact_), record_.final_gain, record_.r1, compute.type).to(compute.device);
}

void RotatedSource::attach(Listeners& listeners, const Compute& compute) const {
  plain_->attach(listeners, compute);
  attach_online_rotations(record_, listeners, compute);
}

namespace {

// Where the gains went into the weights every norm is left with ones: a record that lies beside another model is seen before anything runs.
void require_folded_gains(const Checkpoint& base) {
  const ModelConfig& config = base.config();
  std::vector<std::string> names = {std::string(config.family->final_norm)};
  for (int64_t i = 0; i < config.layers; ++i) {
    names.push_back(layer_tensor(*config.family, LayerIndex(i), config.family->input_norm));
    names.push_back(layer_tensor(*config.family, LayerIndex(i), config.family->post_attention_norm));
  }
  for (const std::string& name : names) {
    const at::Tensor gain = base.store().load(name, {at::kFloat, at::kCPU});
    if (gain.eq(1).all().item<bool>()) continue;
    throw InputError(base.store().file_of(name).path().string(), name, "ones, since rotation.json beside it says that gains are folded",
                     "other gains (the record of another model?)");
  }
}

}  // namespace

RotatedFolder::RotatedFolder(const std::filesystem::path& folder) : base_(folder), record_(load_rotation(folder)) {
  const std::filesystem::path record_file = folder / "rotation.json";
  require_fitting(record_, base_.config(), record_file);
  if (record_.gains_folded) require_folded_gains(base_);
  if (!base_.config().own_kind.empty()) return;
  // A Hugging Face folder, as `export --to hf` writes it.
  for (const auto& [part, map] : {std::pair{"parts.r3", &record_.r3}, std::pair{"parts.r4", &record_.r4}}) {
    if (!*map) continue;
    throw InputError(record_file.string(), part, "none beside a plain Hugging Face folder, which other programs run without it",
                     "an online rotation");
  }
}

void RotatedFolder::attach(Listeners& listeners, const Compute& compute) const { attach_online_rotations(record_, listeners, compute); }

}  // namespace rolora
