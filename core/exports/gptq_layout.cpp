// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/exports/gptq_layout.h"

#include <ATen/Functions.h>

#include "core/base/error.h"
#include "core/base/version.h"
#include "core/exports/packed_words.h"

namespace rolora {
namespace {

using Declared = SafetensorsWriter::Declared;

constexpr const char* kServes = " (--to compressed-tensors has groups for it)";

void refuse_what_one_setting_cannot_say(const QuantizedFolder& model, const std::vector<WholeLinear>& linears, const std::string& file) {
  const int bits = linears.front().layout.bits;
  for (const WholeLinear& linear : linears) {
    const WeightLayout& layout = linear.layout;
    if (linear.activation_bits != kFullBits) {
      throw InputError(file, linear.name, "weights alone (--to compressed-tensors exports quantized activations)",
                       "activations of " + std::to_string(linear.activation_bits) + " bits");
    }
    if (layout.bits != bits || bits == kFullBits) {
      throw InputError(file, linear.name, "one number of bits for all linears" + std::string(kServes),
                       std::to_string(layout.bits) + " beside " + std::to_string(bits));
    }
    if (bits != 2 && bits != 4 && bits != 8) {
      throw InputError(file, linear.name, "2, 4 or 8 bits" + std::string(kServes), std::to_string(bits));
    }
    const int64_t a_word = 32 / bits;
    if (layout.in % a_word != 0 || layout.out % a_word != 0) {
      throw InputError(file, linear.name,
                       "widths that are multiples of " + std::to_string(a_word) + ", what a word of this layout holds" + kServes,
                       shape_text({layout.out, layout.in}));
    }
  }
  if (const auto& rotation = model.rotation(); rotation && rotation->r4) {
    throw InputError(file, "rotation",
                     "no R4, which this layout cannot say (rotate again with --r4 none; or --to compressed-tensors "
                     "--online-transform)",
                     "R4 at down_proj's input");
  }
}

}  // namespace

Json gptq_config(const QuantizedFolder& model, const std::vector<WholeLinear>& linears, bool second_version, const std::string& file) {
  refuse_what_one_setting_cannot_say(model, linears, file);
  const QuantizationSpec& spec = model.record().spec;
  return {{"quant_method", "gptq"},
          {"bits", linears.front().layout.bits},
          {"group_size", spec.weights.group == 0 ? int64_t{-1} : spec.weights.group},
          {"desc_act", false},  // act-order's groups are static here: columns stay where they are
          {"static_groups", spec.gptq.act_order},
          {"sym", spec.weights.symmetric},
          {"true_sequential", true},
          {"damp_percent", spec.gptq.damping},
          {"lm_head", false},
          {"pack_dtype", "int32"},
          {"checkpoint_format", second_version ? "gptq_v2" : "gptq"},
          {"meta", {{"quantizer", {std::string("rolora:") + kToolVersion}}}}};
}

GptqFormat::GptqFormat(const Json& quantization_config, at::ScalarType scales, const std::string& file) : scales_(scales) {
  const JsonObject root(quantization_config, file, "quantization_config");
  bits_ = static_cast<int>(root.integer("bits", 2, 8));
  group_ = root.integer("group_size", -1, INT32_MAX);
  symmetric_ = root.boolean("sym");
  less_ = root.string("checkpoint_format") == "gptq_v2" ? 0 : 1;
}

// Readers count groups of the settings' length for every linear, also where that does not divide the width.
int64_t GptqFormat::group_length(const WholeLinear& linear) const { return group_ > 0 ? group_ : linear.layout.in; }

int64_t GptqFormat::groups_of(const WholeLinear& linear) const {
  return (linear.layout.in + group_length(linear) - 1) / group_length(linear);
}

std::vector<Declared> GptqFormat::declared(const WholeLinear& linear) const {
  const int64_t out = linear.layout.out, in = linear.layout.in, groups = groups_of(linear), a_word = 32 / bits_;
  return {{linear.name + ".qweight", StoredType::I32, {in / a_word, out}},
          {linear.name + ".qzeros", StoredType::I32, {groups, out / a_word}},
          {linear.name + ".scales", stored_type(scales_), {groups, out}},
          {linear.name + ".g_idx", StoredType::I32, {in}}};
}

std::vector<at::Tensor> GptqFormat::tensors(const WholeLinear& linear, const QuantizedWeight& weight) const {
  const int64_t out = linear.layout.out, in = linear.layout.in, groups = groups_of(linear);
  const int half = 1 << (bits_ - 1);
  const at::Tensor integers = symmetric_ ? weight.integers.to(at::kShort).add(half) : weight.integers;
  at::Tensor zeros = symmetric_ ? at::full({out, 1}, half, at::kShort) : weight.zeros.to(at::kShort);
  at::Tensor scales = weight.scales;
  if (scales.size(1) == 1) scales = scales.expand({out, groups});  // per channel: the same in every group
  if (zeros.size(1) == 1) zeros = zeros.expand({out, groups});
  zeros = zeros.sub(less_);
  if (zeros.lt(0).any().item<bool>()) {
    throw NumericError(linear.name +
                       ": zero points: expected at least 1, which this version of the layout stores less one "
                       "(--gptq-v2 stores them as they are, --to compressed-tensors too), found 0");
  }
  const at::Tensor stored = scales.t().to(scales_).contiguous();
  if (!stored.isfinite().logical_and(stored.gt(0)).all().item<bool>()) {
    throw NumericError(linear.name + ": scales: expected values that " + dtype_name(scales_) +
                       " can hold (--store float32 or bfloat16 has the range), found one that it cannot");
  }
  return {pack_words(integers, bits_).t().contiguous(), pack_words(zeros.t(), bits_), stored,
          at::arange(in, at::kLong).div(group_length(linear), "floor").to(at::kInt)};
}

at::Tensor GptqFormat::dequantized(const TensorStore& file, const WholeLinear& linear) const {
  const std::vector<Declared> names = declared(linear);
  const auto read = [&](size_t i) { return stored_tensor(file, names[i].name, names[i].type, names[i].shape); };
  const int64_t out = linear.layout.out, in = linear.layout.in;
  const at::Tensor integers = unpack_words(read(0).t().contiguous(), bits_, in).to(at::kFloat);  // [out, in]
  const at::Tensor zeros = unpack_words(read(1), bits_, out).to(at::kFloat).add(less_);          // [groups, out]
  const at::Tensor scales = read(2).to(at::kFloat), group = read(3).to(at::kLong);               // [groups, out], [in]
  return (integers - zeros.index_select(0, group).t()) * scales.index_select(0, group).t();
}

}  // namespace rolora
