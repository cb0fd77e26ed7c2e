// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/rotation/rotated_source.h"

#include <ATen/Functions.h>

#include "core/base/error.h"

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

// The linears of one layer; each method is one line of the method's list (2 R1, 3 R2, 5 R4).
class LinearFold {
 public:
  LinearFold(const RotationRecord& record, LayerIndex layer) : record_(record) {
    if (!record.gains_folded) return;
    input_gain_ = record.input_gains[layer.value];
    post_attention_gain_ = record.post_attention_gains[layer.value];
  }

  void fold(LinearKind kind, Linear& linear) const {
    switch (kind) {
      case LinearKind::q:
      case LinearKind::k:
        linear.weight = reader(linear.weight, input_gain_);
        return;
      case LinearKind::v:
        linear.weight = heads_of_rows(reader(linear.weight, input_gain_));
        linear.bias = rotated_bias(linear.bias, record_.r2);
        return;
      case LinearKind::o:
        linear.weight = writer(heads_of_columns(linear.weight));
        linear.bias = rotated_bias(linear.bias, record_.r1);
        return;
      case LinearKind::gate:
      case LinearKind::up:
        linear.weight = reader(linear.weight, post_attention_gain_);
        return;
      case LinearKind::down:
        if (record_.r4) linear.weight = rotate_rows(linear.weight, record_.r4);
        linear.weight = writer(linear.weight);
        linear.bias = rotated_bias(linear.bias, record_.r1);
        return;
    }
  }

  // W ← W diag(g) Q
  at::Tensor reader(const at::Tensor& w, const at::Tensor& gain) const {
    if (!gain.defined()) return w;
    const at::Tensor folded = w.to(at::kDouble) * gain;
    return record_.r1 ? rotate_rows(folded, record_.r1) : folded;
  }

 private:
  // W ← Qᵀ W
  at::Tensor writer(const at::Tensor& w) const { return record_.r1 ? rotate_columns(w, record_.r1) : w; }

  // Rows of Wv per key/value head ← Pᵀ ·
  at::Tensor heads_of_rows(const at::Tensor& w) const {
    if (!record_.r2) return w;
    const int64_t dh = record_.r2.order;
    const at::Tensor by_head = w.to(at::kDouble).view({-1, dh, w.size(1)}).transpose(1, 2).contiguous();  // [kv, in, dh]
    return record_.r2.apply(by_head).transpose(1, 2).reshape(w.sizes());
  }

  // Columns of Wo per head ← · P; every head of a group meets its key/value head's P, which is one and the same.
  at::Tensor heads_of_columns(const at::Tensor& w) const {
    if (!record_.r2) return w;
    return record_.r2.apply(w.to(at::kDouble).view({w.size(0), -1, record_.r2.order})).view(w.sizes());
  }

  const RotationRecord& record_;
  at::Tensor input_gain_, post_attention_gain_;
};

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
  const LinearFold fold(record_, index);
  for (LinearKind kind : kAllLinears) {
    Linear& linear = weights[kind];
    if (linear.adapter) {
      throw InputError("rotation", linear_name(*config_.family, index, kind), "a linear without an adapter (merge it first)", "one with");
    }
    fold.fold(kind, linear);
    linear.weight = finished(linear.weight, compute);
    if (linear.bias.defined()) linear.bias = finished(linear.bias, compute);
  }
  for (at::Tensor* norm : {&weights.input_norm, &weights.post_attention_norm}) {
    *norm = finished(record_.gains_folded ? at::ones_like(*norm) : *norm, compute);
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

// In pieces of rows: a head of 128 256 rows in fp64 would be the largest tensor of the whole job.
at::Tensor RotatedSource::head(const Compute& compute) const {
  const at::Tensor plain = plain_->head(exact_);
  if (!record_.gains_folded) return finished(plain, compute);
  const LinearFold fold(record_, LayerIndex(0));
  at::Tensor head = at::empty(plain.sizes(), at::TensorOptions().dtype(compute.type));
  constexpr int64_t piece = 4096;
  for (int64_t first = 0; first < plain.size(0); first += piece) {
    const int64_t count = std::min(piece, plain.size(0) - first);
    head.narrow(0, first, count).copy_(fold.reader(plain.narrow(0, first, count), record_.final_gain));
  }
  return head.to(compute.device);
}

void RotatedSource::attach(Listeners& listeners, const Compute& compute) const {
  plain_->attach(listeners, compute);
  attach_online_rotations(record_, listeners, compute);
}

RotatedFolder::RotatedFolder(const std::filesystem::path& folder) : base_(folder), record_(load_rotation(folder)) {
  const std::filesystem::path config_file = folder / "config.json";
  if (base_.config().own_kind != "rotated") throw InputError(config_file.string(), "rolora.kind", "rotated", "a plain model");
  require_fitting(record_, base_.config(), folder / "rotation.json");
}

void RotatedFolder::attach(Listeners& listeners, const Compute& compute) const { attach_online_rotations(record_, listeners, compute); }

}  // namespace rolora
