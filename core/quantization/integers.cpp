// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/quantization/integers.h"

#include <ATen/Functions.h>

#include "core/base/error.h"

namespace rolora {
namespace {

constexpr int kPackedBits = 4;

int lowest_integer(const WeightLayout& layout) { return layout.symmetric ? -(1 << (layout.bits - 1)) : 0; }

at::Tensor pack(const at::Tensor& integers, int lowest) {
  const int64_t in = integers.size(1);
  at::Tensor raised = integers.to(at::kShort).sub_(lowest).to(at::kByte);
  if (in % 2 != 0) raised = at::constant_pad_nd(raised, {0, 1}, 0);
  const at::Tensor pairs = raised.view({raised.size(0), -1, 2});
  return at::bitwise_or(pairs.select(2, 0), pairs.select(2, 1).bitwise_left_shift(4)).contiguous();
}

at::Tensor unpack(const at::Tensor& packed, int64_t in, int lowest) {
  const at::Tensor pairs = at::stack({packed.bitwise_and(15), packed.bitwise_right_shift(4)}, 2);  // [out, ⌈in/2⌉, 2]
  const at::Tensor raised = pairs.view({packed.size(0), -1}).narrow(1, 0, in);
  return lowest == 0 ? raised.contiguous() : raised.to(at::kChar).add_(lowest);
}

[[noreturn]] void refuse(const TensorStore& store, const std::string& tensor, const std::string& expected, const std::string& found) {
  throw InputError(store.file_of(tensor).path().string(), tensor, expected, found);
}

void expect_range(const TensorStore& store, const std::string& tensor, const at::Tensor& values, int64_t least, int64_t most) {
  const auto [low, high] = at::aminmax(values);
  const int64_t smallest = low.item<int64_t>(), largest = high.item<int64_t>();
  if (smallest >= least && largest <= most) return;
  refuse(store, tensor, "integers in " + std::to_string(least) + " … " + std::to_string(most),
         std::to_string(smallest < least ? smallest : largest));
}

at::Tensor owned(const TensorStore& store, const std::string& tensor) {
  at::Tensor copy = store.view(tensor).clone();
  store.release(tensor);
  return copy;
}

}  // namespace

WeightLayout weight_layout(const QuantizationSpec& spec, const ModelConfig& config, LayerIndex layer, LinearKind kind) {
  const LinearShape shape = linear_shape(config, kind);
  return {shape.out, shape.in, bits_of(spec, config, layer, kind).weights, effective_group(shape.in, spec.weights.group),
          spec.weights.symmetric};
}

std::vector<SafetensorsWriter::Declared> declared_tensors(const std::string& name, const WeightLayout& layout) {
  const int64_t groups = layout.group == 0 ? 1 : layout.in / layout.group;
  std::vector<SafetensorsWriter::Declared> list;
  if (layout.bits <= kPackedBits) {
    list.push_back({name + ".integers", StoredType::U8, {layout.out, (layout.in + 1) / 2}});
  } else {
    list.push_back({name + ".integers", layout.symmetric ? StoredType::I8 : StoredType::U8, {layout.out, layout.in}});
  }
  list.push_back({name + ".scales", StoredType::F32, {layout.out, groups}});
  if (!layout.symmetric) list.push_back({name + ".zeros", StoredType::U8, {layout.out, groups}});
  return list;
}

std::vector<SafetensorsWriter::Declared> declared_linears(const QuantizationSpec& spec, const ModelConfig& config) {
  std::vector<SafetensorsWriter::Declared> list;
  for (int64_t layer = 0; layer < config.layers; ++layer) {
    for (const LinearKind kind : kAllLinears) {
      const WeightLayout layout = weight_layout(spec, config, LayerIndex(layer), kind);
      if (layout.bits == kFullBits) continue;
      for (auto& tensor : declared_tensors(linear_name(*config.family, LayerIndex(layer), kind), layout)) list.push_back(std::move(tensor));
    }
  }
  return list;
}

void write_weight(SafetensorsWriter& writer, const std::string& name, const QuantizedWeight& weight) {
  const int lowest = weight.symmetric ? -(1 << (weight.bits - 1)) : 0;
  const at::Tensor integers = weight.bits <= kPackedBits ? pack(weight.integers, lowest) : weight.integers;
  writer.write(name + ".integers", bytes_of_tensor(integers));
  writer.write(name + ".scales", bytes_of_tensor(weight.scales));
  if (!weight.symmetric) writer.write(name + ".zeros", bytes_of_tensor(weight.zeros));
}

void expect_weight(const TensorStore& store, const std::string& name, const WeightLayout& layout) {
  for (const auto& tensor : declared_tensors(name, layout)) {
    if (!store.has(tensor.name)) throw InputError(store.listing().string(), tensor.name, "a tensor " + shape_text(tensor.shape), "none");
    const TensorEntry& stored = store.entry(tensor.name);
    if (stored.type != tensor.type) {
      refuse(store, tensor.name, "type " + std::string(name_of(tensor.type)), std::string(name_of(stored.type)));
    }
    if (stored.shape != tensor.shape) refuse(store, tensor.name, "shape " + shape_text(tensor.shape), "shape " + shape_text(stored.shape));
  }
}

QuantizedWeight read_weight(const TensorStore& store, const std::string& name, const WeightLayout& layout) {
  const int lowest = lowest_integer(layout), highest = lowest + (1 << layout.bits) - 1;
  QuantizedWeight weight;
  weight.bits = layout.bits;
  weight.group = layout.group;
  weight.symmetric = layout.symmetric;
  const at::Tensor stored = owned(store, name + ".integers");
  weight.integers = layout.bits <= kPackedBits ? unpack(stored, layout.in, lowest) : stored;
  expect_range(store, name + ".integers", weight.integers, lowest, highest);
  weight.scales = owned(store, name + ".scales");
  if (!weight.scales.gt(0).logical_and_(weight.scales.isfinite()).all().item<bool>()) {
    refuse(store, name + ".scales", "finite positive scales", "another value");
  }
  if (!layout.symmetric) {
    weight.zeros = owned(store, name + ".zeros");
    expect_range(store, name + ".zeros", weight.zeros, 0, highest);
  }
  return weight;
}

}  // namespace rolora
