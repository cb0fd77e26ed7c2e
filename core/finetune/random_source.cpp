// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/finetune/random_source.h"

#include <ATen/ATen.h>

#include "core/base/random.h"
#include "core/storage/sha256.h"

namespace rolora {
namespace {

at::TensorOptions options_of(const Compute& compute) { return at::TensorOptions().dtype(compute.type).device(compute.device); }

}  // namespace

RandomSource::RandomSource(ModelConfig config, uint64_t seed) : config_(std::move(config)), seed_(seed) {
  const auto range = config_.raw.find("initializer_range");
  if (range != config_.raw.end() && range->is_number() && range->get<double>() > 0) deviation_ = range->get<double>();
}

at::Tensor RandomSource::draw(const std::string& name, int64_t rows, int64_t columns, const Compute& compute) const {
  Random random(seed_, "initial weights " + name);
  const at::Tensor values = at::empty({rows, columns}, at::kFloat);
  float* out = values.data_ptr<float>();
  for (int64_t i = 0; i < values.numel(); ++i) out[i] = static_cast<float>(deviation_ * random.normal());
  return values.to(compute.device, compute.type);
}

LayerWeights RandomSource::layer(LayerIndex index, const Compute& compute) const {
  LayerWeights weights;
  for (const LayerNorm& norm : layer_norms(config_)) weights.*norm.gain = at::ones({norm.width}, options_of(compute));
  for (const LinearKind kind : kAllLinears) {
    const LinearShape shape = linear_shape(config_, kind);
    weights[kind].weight = draw(linear_name(*config_.family, index, kind), shape.out, shape.in, compute);
    if (has_bias(config_, kind)) weights[kind].bias = at::zeros({shape.out}, options_of(compute));
  }
  return weights;
}

at::Tensor RandomSource::embed(const at::Tensor& ids, const Compute& compute) const {
  return at::embedding(draw(std::string(config_.family->embedding), config_.vocabulary, config_.hidden, compute), ids.to(compute.device));
}

at::Tensor RandomSource::final_norm(const Compute& compute) const { return at::ones({config_.hidden}, options_of(compute)); }

at::Tensor RandomSource::head(const Compute& compute) const {
  const std::string name(config_.tied ? config_.family->embedding : config_.family->head);
  return draw(name, config_.vocabulary, config_.hidden, compute);
}

std::string RandomSource::hash() const {
  return sha256_of_text("initial weights, seed " + std::to_string(seed_) + "\n" + json_text(config_.raw));
}

}  // namespace rolora
