// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/exports/whole_linears.h"

#include <ATen/Functions.h>

#include "core/base/error.h"

namespace rolora {
namespace {

std::string bits_text(const LinearBits& bits) { return "W" + std::to_string(bits.weights) + "A" + std::to_string(bits.activations); }

void add_linear(const QuantizedFolder& model, LayerIndex layer, LinearKind kind, const std::string& file, std::vector<WholeLinear>& list) {
  const ModelConfig& config = model.config();
  const FamilyDescription& family = *config.family;
  const LinearBits bits = bits_of(model.record().spec, config, layer, kind);
  const FusedLinears* fused = fused_with(family, kind);
  if (fused != nullptr && kind != fused->first) {
    WholeLinear& whole = list.back();
    const LinearBits first{whole.layout.bits, whole.activation_bits};
    if (!(bits == first)) {
      throw InputError(file, linear_name(family, layer, kind),
                       bits_text(first) + " as the rows above it in " + whole.name + " (one tensor)", bits_text(bits));
    }
    whole.parts.push_back(kind);
    whole.layout.out += linear_shape(config, kind).out;
    return;
  }
  WholeLinear whole;
  whole.tail = fused != nullptr ? fused->name : family.linears[static_cast<size_t>(kind)];
  whole.name = layer_tensor(family, layer, whole.tail);
  whole.layer = layer;
  whole.parts = {kind};
  whole.layout = weight_layout(model.record().spec, config, layer, kind);
  whole.activation_bits = bits.activations;
  whole.bias = has_bias(config, kind);
  list.push_back(std::move(whole));
}

}  // namespace

std::vector<WholeLinear> whole_linears(const QuantizedFolder& model, const std::string& file) {
  std::vector<WholeLinear> list;
  for (int64_t layer = 0; layer < model.config().layers; ++layer) {
    for (const LinearKind kind : kAllLinears) add_linear(model, LayerIndex(layer), kind, file, list);
  }
  return list;
}

QuantizedWeight whole_weight(const QuantizedFolder& model, const WholeLinear& linear) {
  QuantizedWeight whole = model.weight(linear.layer, linear.parts.front());
  for (size_t part = 1; part < linear.parts.size(); ++part) {
    const QuantizedWeight next = model.weight(linear.layer, linear.parts[part]);
    whole.integers = at::cat({whole.integers, next.integers});
    whole.scales = at::cat({whole.scales, next.scales});
    if (!whole.symmetric) whole.zeros = at::cat({whole.zeros, next.zeros});
  }
  return whole;
}

at::Tensor whole_tensor(const QuantizedFolder& model, const WholeLinear& linear, const std::string& tail, at::ScalarType type) {
  std::vector<at::Tensor> rows;
  for (const LinearKind kind : linear.parts) {
    rows.push_back(model.store().load(linear_name(*model.config().family, linear.layer, kind) + tail, {type, at::kCPU}));
  }
  return rows.size() == 1 ? rows.front() : at::cat(rows);
}

}  // namespace rolora
