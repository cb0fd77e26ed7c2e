// SPDX-License-Identifier: GPL-3.0-or-later
// How one quantized linear lies in a safetensors file. For a linear NAME with `out` rows and `in` columns:
//   NAME.integers  2–4 bits: U8 [out, ⌈in/2⌉], two integers a byte, the even column in the low half, each stored as integer − lowest
//                  (lowest = −2^(b−1) symmetric, 0 asymmetric), a last odd half is 0; 5–8 bits: one integer each, I8 symmetric, U8
//                  asymmetric
//   NAME.scales    F32 [out, groups]
//   NAME.zeros     U8 [out, groups], asymmetric only
// W = scale · (integer − zero), one fp32 product.
#pragma once

#include <string>
#include <vector>

#include "core/model/tensor_store.h"
#include "core/quantization/weights.h"
#include "core/storage/safetensors.h"

namespace rolora {

/// The shape of what is stored, known before the weights are.
struct WeightLayout {
  int64_t out = 0, in = 0;
  int bits = 16;
  int64_t group = 0;  ///< in effect: 0 or a divisor of `in`
  bool symmetric = true;
};
WeightLayout weight_layout(const QuantizationSpec& spec, const ModelConfig& config, LayerIndex layer, LinearKind kind);

std::vector<SafetensorsWriter::Declared> declared_tensors(const std::string& name, const WeightLayout& layout);
/// The tensors of every quantized linear, layer by layer.
std::vector<SafetensorsWriter::Declared> declared_linears(const QuantizationSpec& spec, const ModelConfig& config);
/// Writes the declared tensors in their order.
void write_weight(SafetensorsWriter& writer, const std::string& name, const QuantizedWeight& weight);
/// InputError when a tensor is missing or of another type or shape.
void expect_weight(const TensorStore& store, const std::string& name, const WeightLayout& layout);
/// Reads and checks values: integers and zeros inside the grid, scales finite and positive.
QuantizedWeight read_weight(const TensorStore& store, const std::string& name, const WeightLayout& layout);

}  // namespace rolora
