// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/tensor_walk.h"

#include <ATen/ATen.h>

namespace rolora {

void walk_layer(const ModelConfig& config, LayerIndex layer, LayerWeights& weights, const TensorVisitor& visit) {
  const FamilyDescription& family = *config.family;
  visit(layer_tensor(family, layer, family.input_norm), weights.input_norm);
  for (const LinearKind kind : kAllLinears) {
    Linear& linear = weights[kind];
    const std::string name = linear_name(family, layer, kind);
    visit(name + ".weight", linear.weight);
    if (linear.bias.defined()) visit(name + ".bias", linear.bias);
  }
  for (const LayerNorm& norm : layer_norms(config)) {
    if (norm.gain != &LayerWeights::input_norm) visit(layer_tensor(family, layer, norm.tail), weights.*norm.gain);
  }
}

bool is_gain(const ModelConfig& config, const std::string& name) {
  return name == config.family->final_norm || name.ends_with(config.family->input_norm) ||
         name.ends_with(config.family->post_attention_norm);
}

}  // namespace rolora
