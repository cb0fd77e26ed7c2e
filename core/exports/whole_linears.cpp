// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/exports/whole_linears.h"

#include <ATen/Functions.h>

#include "core/base/error.h"

namespace rolora {
namespace {

std::string bits_text(const LinearBits& bits) { return "W" + std::to_string(bits.weights) + "A" + std::to_string(bits.activations); }

// A tensor has one kind of integers.
void require_equal_bits(const QuantizedFolder& model, const WholeLinear& linear, const std::string& file) {
  const auto bits = [&](LinearKind kind) { return bits_of(model.record().spec, model.config(), linear.layer, kind); };
  const LinearBits first = bits(linear.parts.front());
  for (const LinearKind kind : linear.parts) {
    if (bits(kind) == first) continue;
    throw InputError(file, linear_name(*model.config().family, linear.layer, kind),
                     bits_text(first) + " as the rows above it in " + linear.name + " (one tensor)", bits_text(bits(kind)));
  }
}

}  // namespace

std::vector<WholeLinear> linears_as_stored(const ModelConfig& config) {
  const FamilyDescription& family = *config.family;
  std::vector<WholeLinear> list;
  for (int64_t layer = 0; layer < config.layers; ++layer) {
    for (const LinearKind kind : kAllLinears) {
      const FusedLinears* fused = fused_with(family, kind);
      if (fused == nullptr || kind == fused->first) {
        WholeLinear whole;
        whole.tail = fused != nullptr ? fused->name : family.linears[static_cast<size_t>(kind)];
        whole.layer = LayerIndex(layer);
        whole.name = layer_tensor(family, whole.layer, whole.tail);
        whole.layout.in = linear_shape(config, kind).in;
        whole.bias = has_bias(config, kind);
        list.push_back(std::move(whole));
      }
      list.back().parts.push_back(kind);
      list.back().layout.out += linear_shape(config, kind).out;
    }
  }
  return list;
}

std::vector<WholeLinear> whole_linears(const QuantizedFolder& model, const std::string& file) {
  std::vector<WholeLinear> list = linears_as_stored(model.config());
  for (WholeLinear& linear : list) {
    require_equal_bits(model, linear, file);
    const int64_t out = linear.layout.out;
    linear.layout = weight_layout(model.record().spec, model.config(), linear.layer, linear.parts.front());
    linear.layout.out = out;
    linear.activation_bits = bits_of(model.record().spec, model.config(), linear.layer, linear.parts.front()).activations;
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
