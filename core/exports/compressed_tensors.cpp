// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/exports/compressed_tensors.h"

#include <ATen/Functions.h>

#include "core/base/error.h"
#include "core/exports/packed_words.h"

namespace rolora {
namespace {

using Declared = SafetensorsWriter::Declared;

int64_t words_of(int64_t values, int bits) { return (values * bits + 31) / 32; }

}  // namespace

const CompressedTensorsFormat::Scheme& CompressedTensorsFormat::quantized_scheme(const std::string& linear) const {
  if (const Scheme* scheme = scheme_of(linear)) return *scheme;
  throw InputError(file_, "quantization_config.config_groups", "a group for " + linear, "none");
}

std::vector<Declared> CompressedTensorsFormat::declared(const WholeLinear& linear) const {
  const Scheme& scheme = quantized_scheme(linear.name);
  const int64_t out = linear.layout.out, in = linear.layout.in, groups = scheme.group == 0 ? 1 : in / scheme.group;
  const Declared scales = {linear.name + ".weight_scale", StoredType::F32, {out, groups}};
  if (!scheme.packed) {
    std::vector<Declared> list = {{linear.name + ".weight", StoredType::I8, {out, in}}, scales};
    if (!scheme.symmetric) list.push_back({linear.name + ".weight_zero_point", StoredType::I8, {out, groups}});
    return list;
  }
  std::vector<Declared> list = {{linear.name + ".weight_packed", StoredType::I32, {out, words_of(in, scheme.bits)}},
                                {linear.name + ".weight_shape", StoredType::I64, {2}},
                                scales};
  if (!scheme.symmetric) list.push_back({linear.name + ".weight_zero_point", StoredType::I32, {words_of(out, scheme.bits), groups}});
  return list;
}

std::vector<IdleTensor> CompressedTensorsFormat::idle(const WholeLinear& linear) const {
  const Scheme* scheme = scheme_of(linear.name);
  if (scheme == nullptr || !scheme->symmetric) return {};
  const int64_t groups = scheme->group == 0 ? 1 : linear.layout.in / scheme->group;
  return {{linear.name + ".weight_zero_point", {linear.layout.out, groups}, "symmetric weights have no zero points"}};
}

// The library's integers are signed; ours start at 0 where they are asymmetric. Packed, both start at 0.
std::vector<at::Tensor> CompressedTensorsFormat::tensors(const WholeLinear& linear, const QuantizedWeight& weight) const {
  const Scheme& scheme = quantized_scheme(linear.name);
  const int half = 1 << (scheme.bits - 1), lift = scheme.symmetric ? half : 0;
  const auto as_signed = [&](const at::Tensor& values) { return values.to(at::kShort).sub(half - lift).to(at::kChar).contiguous(); };
  if (!scheme.packed) {
    std::vector<at::Tensor> list = {as_signed(weight.integers), weight.scales.contiguous()};
    if (!scheme.symmetric) list.push_back(as_signed(weight.zeros));
    return list;
  }
  std::vector<at::Tensor> list = {pack_words(weight.integers.to(at::kShort).add(lift), scheme.bits),
                                  at::tensor({weight.integers.size(0), weight.integers.size(1)}, at::kLong), weight.scales.contiguous()};
  if (!scheme.symmetric) list.push_back(pack_words(weight.zeros.t(), scheme.bits).t().contiguous());
  return list;
}

at::Tensor CompressedTensorsFormat::dequantized(const TensorStore& file, const WholeLinear& linear) const {
  const Scheme& scheme = quantized_scheme(linear.name);
  const int64_t out = linear.layout.out, in = linear.layout.in, groups = scheme.group == 0 ? 1 : in / scheme.group;
  const int half = 1 << (scheme.bits - 1);
  at::Tensor integers, zeros;
  if (scheme.packed) {
    const at::Tensor shape = stored_tensor(file, linear.name + ".weight_shape", StoredType::I64, {2});
    if (shape[0].item<int64_t>() != out || shape[1].item<int64_t>() != in) {
      throw InputError(file.listing().string(), linear.name + ".weight_shape", shape_text({out, in}), "another shape");
    }
    const at::Tensor words = stored_tensor(file, linear.name + ".weight_packed", StoredType::I32, {out, words_of(in, scheme.bits)});
    integers = unpack_words(words, scheme.bits, in).to(at::kFloat).sub(half);
    if (!scheme.symmetric) {
      const at::Tensor packed =
          stored_tensor(file, linear.name + ".weight_zero_point", StoredType::I32, {words_of(out, scheme.bits), groups});
      zeros = unpack_words(packed.t().contiguous(), scheme.bits, out).t().to(at::kFloat).sub(half);
    }
  } else {
    integers = stored_tensor(file, linear.name + ".weight", StoredType::I8, {out, in}).to(at::kFloat);
    if (!scheme.symmetric) zeros = stored_tensor(file, linear.name + ".weight_zero_point", StoredType::I8, {out, groups}).to(at::kFloat);
  }
  const at::Tensor scales = stored_scales(file, linear.name + ".weight_scale", {out, groups});
  at::Tensor runs = integers.view({out, groups, in / groups});
  if (zeros.defined()) runs = runs - zeros.unsqueeze(-1);
  return (runs * scales.unsqueeze(-1)).view({out, in});
}

}  // namespace rolora
