// SPDX-License-Identifier: GPL-3.0-or-later
// A quantized folder's linears as Hugging Face files name them: some families hold several as the rows of one tensor.
#pragma once

#include <ATen/core/Tensor.h>

#include <string>
#include <vector>

#include "core/quantization/integers.h"
#include "core/quantization/quantized_folder.h"

namespace rolora {

struct WholeLinear {
  std::string name;  ///< "model.layers.0.self_attn.qkv_proj"
  std::string tail;  ///< "self_attn.qkv_proj"
  LayerIndex layer;
  std::vector<LinearKind> parts;  ///< in row order
  WeightLayout layout;            ///< of all rows; bits 16: not quantized
  int activation_bits = 16;
  bool bias = false;
};

/// All of a model, layer by layer, none of them quantized yet.
std::vector<WholeLinear> linears_as_stored(const ModelConfig& config);
/// With the bits of a quantized folder. InputError when linears that share a tensor have different bits: a tensor has one kind of integers.
std::vector<WholeLinear> whole_linears(const QuantizedFolder& model, const std::string& file);
/// Integers, scales and zeros of all its rows: every row has its own scales, so rows of several linears stand below each other unchanged.
QuantizedWeight whole_weight(const QuantizedFolder& model, const WholeLinear& linear);
/// An unquantized weight, or the bias; `tail` is ".weight" or ".bias".
at::Tensor whole_tensor(const QuantizedFolder& model, const WholeLinear& linear, const std::string& tail, at::ScalarType type);

}  // namespace rolora
