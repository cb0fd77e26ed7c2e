// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/quantization/quantized_folder.h"

#include <set>

#include "core/base/error.h"
#include "core/quantization/activations.h"
#include "core/quantization/integers.h"
#include "core/quantization/layer_types.h"
#include "core/rotation/rotated_source.h"
#include "core/storage/sha256.h"

namespace rolora {
namespace {

ModelConfig quantized_config(const std::filesystem::path& folder) {
  ModelConfig config = read_model_config(folder);
  if (config.own_kind != "quantized") {
    throw InputError((folder / "config.json").string(), "rolora.kind", "quantized", config.own_kind.empty() ? "none" : config.own_kind);
  }
  return config;
}

std::optional<RotationRecord> rotation_of(const std::filesystem::path& folder, const ModelConfig& config,
                                          const QuantizationRecord& record) {
  if (!has_rotation(folder) && record.rotation_checksum.empty()) return std::nullopt;
  if (!has_rotation(folder))
    throw InputError((folder / "rotation.json").string(), "file", "the rotation that quantization.json names", "none");
  RotationRecord rotation = load_rotation(folder);
  require_fitting(rotation, config, folder / "rotation.json");
  if (rotation.checksum() != record.rotation_checksum) {
    throw InputError((folder / kQuantizationFile).string(), "rotation", "the checksum of rotation.json, " + rotation.checksum(),
                     record.rotation_checksum.empty() ? "none" : printable(record.rotation_checksum));
  }
  return rotation;
}

}  // namespace

QuantizedFolder::QuantizedFolder(const std::filesystem::path& folder)
    : folder_(folder),
      config_(quantized_config(folder)),
      store_(TensorStore::open(folder)),
      record_(read_record(folder, config_)),
      rotation_(rotation_of(folder, config_, record_)) {
  resolve_embedding_and_head();
  expect_tensors();
}

void QuantizedFolder::resolve_embedding_and_head() {
  embedding_name_ = config_.family->embedding;
  head_name_ = config_.family->head;
  if (!config_.tied) return;
  if (store_.has(embedding_name_)) {
    head_name_ = embedding_name_;
  } else {
    embedding_name_ = head_name_;
  }
}

void QuantizedFolder::expect_tensors() const {
  const FamilyDescription& family = *config_.family;
  std::set<std::string> known = {embedding_name_, head_name_, std::string(family.final_norm)};
  store_.expect(embedding_name_, {config_.vocabulary, config_.hidden});
  store_.expect(head_name_, {config_.vocabulary, config_.hidden});
  store_.expect(std::string(family.final_norm), {config_.hidden});
  const auto expect = [&](const std::string& name, const std::vector<int64_t>& shape) {
    store_.expect(name, shape);
    known.insert(name);
  };
  for (int64_t i = 0; i < config_.layers; ++i) {
    const LayerIndex layer(i);
    for (const LayerNorm& norm : layer_norms(config_)) expect(layer_tensor(family, layer, norm.tail), {norm.width});
    for (const LinearKind kind : kAllLinears) {
      const std::string name = linear_name(family, layer, kind);
      const WeightLayout layout = weight_layout(record_.spec, config_, layer, kind);
      if (has_bias(config_, kind)) expect(name + ".bias", {layout.out});
      if (layout.bits == kFullBits) {
        expect(name + ".weight", {layout.out, layout.in});
      } else {
        expect_weight(store_, name, layout);
        for (const auto& tensor : declared_tensors(name, layout)) known.insert(tensor.name);
      }
    }
  }
  for (const std::string& name : store_.names()) {
    if (!known.contains(name))
      throw InputError(store_.file_of(name).path().string(), name, "only tensors of this model", "an extra tensor");
  }
}

QuantizedWeight QuantizedFolder::weight(LayerIndex layer, LinearKind kind) const {
  const WeightLayout layout = weight_layout(record_.spec, config_, layer, kind);
  const std::string name = linear_name(*config_.family, layer, kind);
  if (layout.bits == kFullBits) throw Error(name + ": this linear is not quantized");
  return read_weight(store_, name, layout);
}

LayerWeights QuantizedFolder::layer(LayerIndex index, const Compute& compute) const {
  const FamilyDescription& family = *config_.family;
  const Compute exact = exact_compute(compute);
  LayerWeights weights;
  for (const LayerNorm& norm : layer_norms(config_)) weights.*norm.gain = store_.load(layer_tensor(family, index, norm.tail), exact);
  for (const LinearKind kind : kAllLinears) {
    const std::string name = linear_name(family, index, kind);
    Linear& linear = weights[kind];
    if (bits_of(record_.spec, config_, index, kind).weights == kFullBits) {
      linear.weight = store_.load(name + ".weight", exact);
    } else {
      linear.weight = dequantize(weight(index, kind)).to(at::TensorOptions().dtype(exact.type).device(exact.device));
    }
    if (has_bias(config_, kind)) linear.bias = store_.load(name + ".bias", exact);
  }
  return in_type(weights, compute.type);
}

at::Tensor QuantizedFolder::final_norm(const Compute& compute) const {
  return store_.load(std::string(config_.family->final_norm), compute);
}

void QuantizedFolder::attach(Listeners& listeners, const Compute& compute) const {
  if (rotation_) attach_online_rotations(*rotation_, listeners, compute);
  attach_quantization(record_.spec, config_, listeners);
}

void UnroundedActivations::attach(Listeners& listeners, const Compute& compute) const {
  if (folder_->rotation()) attach_online_rotations(*folder_->rotation(), listeners, compute);
}

std::string QuantizedFolder::hash() const {
  Sha256 sum;
  sum.add(record_.source_hash + "\n" + json_text(spec_json(record_.spec)));
  for (const std::string& name : store_.names()) {
    sum.add(name + " " + std::string(name_of(store_.entry(name).type)) + " " + shape_text(store_.entry(name).shape) + "\n");
    sum.add(store_.file_of(name).bytes(name));
    store_.release(name);
  }
  return sum.hex();
}

}  // namespace rolora
