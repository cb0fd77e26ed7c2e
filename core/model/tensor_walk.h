// SPDX-License-Identifier: GPL-3.0-or-later
// The tensors of a model under their Hugging Face names, in one order.
#pragma once

#include <ATen/core/Tensor.h>

#include <functional>
#include <string>

#include "core/model/weights.h"

namespace rolora {

using TensorVisitor = std::function<void(const std::string& name, at::Tensor& tensor)>;

/// Norms, linears and, where they exist, biases of one layer; each linear by itself, also where files fuse several.
void walk_layer(const ModelConfig& config, LayerIndex layer, LayerWeights& weights, const TensorVisitor& visit);
/// Is this the gain of a norm that a fold takes in? (Those of queries and keys stay where they are.)
bool is_gain(const ModelConfig& config, const std::string& name);

}  // namespace rolora
