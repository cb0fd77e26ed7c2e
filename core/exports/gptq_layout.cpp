// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/exports/gptq_layout.h"

#include <ATen/Functions.h>

#include <array>

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

namespace {

// How the integers were found, where they waited meanwhile, and which kernel shall run them: nothing of what they give.
constexpr std::array kOrigin = {"static_groups",
                                "true_sequential",
                                "damp_percent",
                                "damp_auto_increment",
                                "act_group_aware",
                                "hyb_act",
                                "gptaq",
                                "mse",
                                "meta",
                                "model_name_or_path",
                                "model_file_base_name",
                                "quantizer",
                                "dataset",
                                "tokenizer",
                                "batch_size",
                                "pad_token_id",
                                "model_seqlen",
                                "max_input_length",
                                "cache_block_outputs",
                                "block_name_to_quantize",
                                "module_name_preceding_first_block",
                                "offload_to_disk",
                                "offload_to_disk_path",
                                "pack_impl",
                                "use_cuda_fp16",
                                "use_exllama",
                                "disable_exllama",
                                "exllama_config",
                                "backend"};

void require_word(const JsonObject& root, const char* key, const char* word) {
  const std::string found = root.string_or(key, word);
  if (found != word) root.refuse(key, word, printable(found));
}

// Null, false, "", {} and [] say nothing.
void require_nothing(const JsonObject& root, const char* key, const char* why) {
  if (!root.has(key)) return;
  const Json& value = root.raw(key);
  if (value.empty() || value == false || value == "") return;
  root.refuse(key, std::string("none") + why, printable(value.dump()));
}

void refuse_other_settings(const JsonObject& root) {
  require_word(root, "quant_method", "gptq");
  require_word(root, "method", "gptq");
  require_word(root, "pack_dtype", "int32");
  for (const char* key : {"lm_head", "is_marlin_format"}) {
    if (root.boolean_or(key, false)) root.refuse(key, "false", "true");
  }
  require_nothing(root, "dynamic", ": the same bits in all linears");
  require_nothing(root, "adapter", " (adapters beside the integers are not read)");
  require_nothing(root, "rotation", " (rotations of other programs are not read)");
  for (const char* key : kOrigin) root.has(key);
}

// The first version of the layout or the second, by either key or both.
std::string read_version(const JsonObject& root) {
  const std::string format = root.string_or("format", root.string_or("checkpoint_format", "gptq"));
  const std::string version = root.string_or("checkpoint_format", format);
  for (const auto& [key, found] : {std::pair("checkpoint_format", version), std::pair("format", format)}) {
    if (found != "gptq" && found != "gptq_v2") root.refuse(key, "gptq or gptq_v2", printable(found));
  }
  if (format != version) root.refuse("format", "that of checkpoint_format, " + version, format);
  return version;
}

}  // namespace

GptqFormat::GptqFormat(const Json& quantization_config, at::ScalarType scales, const std::string& file) : scales_(scales), file_(file) {
  const JsonObject root(quantization_config, file, "quantization_config");
  bits_ = static_cast<int>(root.integer("bits", 2, 8));
  if (bits_ != 2 && bits_ != 4 && bits_ != 8) root.refuse("bits", "2, 4 or 8", std::to_string(bits_));
  group_ = root.integer("group_size", -1, INT32_MAX);
  if (group_ == 0) root.refuse("group_size", "-1 or at least 1", "0");
  symmetric_ = root.boolean_or("sym", true);
  in_order_ = !root.boolean_or("desc_act", true);  // unsaid, libraries do not agree
  less_ = read_version(root) == "gptq_v2" ? 0 : 1;
  read_modules(root);
  refuse_other_settings(root);
  root.refuse_unknown();
}

// A list of names, or a list of such lists.
void GptqFormat::read_modules(const JsonObject& root) {
  const char* key = "modules_in_block_to_quantize";
  if (!root.has(key)) return;
  const auto add = [&](const Json& name) {
    if (!name.is_string()) root.refuse(key, "names of linears, or lists of them", printable(name.dump()));
    modules_.insert(name.get<std::string>());
  };
  if (!root.raw(key).is_array()) root.refuse(key, "a list", printable(root.raw(key).dump()));
  for (const Json& entry : root.raw(key)) {
    if (!entry.is_array()) {
      add(entry);
      continue;
    }
    for (const Json& name : entry) add(name);
  }
}

void GptqFormat::require_linears_alone(const std::set<std::string>& linears, const std::vector<std::string>&) const {
  if (modules_.empty()) return;
  std::set<std::string> left = modules_;
  const auto refuse = [&](const std::string& found) {
    throw InputError(file_, "quantization_config.modules_in_block_to_quantize", "all linears of a block", found);
  };
  for (const std::string& linear : linears) {
    const std::string in_block = linear.substr(linear.find('.', linear.find_first_of("0123456789")) + 1);
    if (!modules_.contains(in_block)) refuse("a list without " + in_block);
    left.erase(in_block);
  }
  if (!left.empty()) refuse(printable(*left.begin()));
}

WeightLayout GptqFormat::layout(const std::string& linear, int64_t out, int64_t in) const {
  const int64_t a_word = 32 / bits_;
  if (in % a_word != 0 || out % a_word != 0) {
    throw InputError(file_, "quantization_config.bits", "words that hold the widths of " + linear + ", " + shape_text({out, in}),
                     std::to_string(bits_));
  }
  return {out, in, bits_, group_ > 0 && group_ < in ? group_ : 0, symmetric_};
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
  const int64_t out = linear.layout.out, groups = groups_of(linear);
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
  return {pack_words(integers, bits_).t().contiguous(), pack_words(zeros.t(), bits_), stored, groups_in_order(linear)};
}

std::vector<Declared> GptqFormat::expected(const TensorStore& file, const WholeLinear& linear) const {
  std::vector<Declared> list = declared(linear);
  if (in_order_ && !file.has(list.back().name)) list.pop_back();  // g_idx
  return list;
}

std::vector<IdleTensor> GptqFormat::idle(const WholeLinear& linear) const {
  if (linear.bias) return {};
  return {{linear.name + ".bias", {linear.layout.out}, "this linear has no bias"}};
}

at::Tensor GptqFormat::groups_in_order(const WholeLinear& linear) const {
  return at::arange(linear.layout.in, at::kLong).div(group_length(linear), "floor").to(at::kInt);
}

at::Tensor GptqFormat::dequantized(const TensorStore& file, const WholeLinear& linear) const {
  const std::vector<Declared> names = declared(linear);
  const auto read = [&](size_t i) { return stored_tensor(file, names[i].name, names[i].type, names[i].shape); };
  const int64_t out = linear.layout.out, in = linear.layout.in;
  const at::Tensor integers = unpack_words(read(0).t().contiguous(), bits_, in).to(at::kFloat);  // [out, in]
  const at::Tensor stored_zeros = unpack_words(read(1), bits_, out);                             // [groups, out]
  if (less_ == 1 && stored_zeros.eq((1 << bits_) - 1).any().item<bool>()) {
    throw InputError(file.file_of(names[1].name).path().string(), names[1].name,
                     "zero points of at most " + std::to_string((1 << bits_) - 2) + ", which readers add one to",
                     "one that leaves its bits");
  }
  const at::Tensor zeros = stored_zeros.to(at::kFloat).add(less_);
  const at::Tensor scales = stored_scales(file, names[2].name, names[2].shape);  // [groups, out]
  const bool ordered = in_order_ && !file.has(names[3].name);
  const at::Tensor group = (ordered ? groups_in_order(linear) : read(3)).to(at::kLong);  // [in]
  if (group.lt(0).logical_or(group.ge(groups_of(linear))).any().item<bool>()) {
    throw InputError(file.file_of(names[3].name).path().string(), names[3].name,
                     "groups from 0 to " + std::to_string(groups_of(linear) - 1), "others");
  }
  return (integers - zeros.index_select(0, group).t()) * scales.index_select(0, group).t();
}

}  // namespace rolora
