// SPDX-License-Identifier: GPL-3.0-or-later
// The PEFT folder of a LoRA adapter, written and read.
#include <ATen/ATen.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <set>

#include "core/base/error.h"
#include "core/base/version.h"
#include "core/finetune/adapter.h"
#include "core/model/checkpoint.h"
#include "core/rotation/record.h"
#include "core/storage/atomic_file.h"
#include "core/storage/safetensors.h"

namespace rolora {
namespace {

namespace fs = std::filesystem;

constexpr const char* kTensorPrefix = "base_model.model.";
constexpr const char* kOwnFile = "rolora_adapter.json";
constexpr int kOwnFormat = 1;

// Keys of adapter_config.json that are read here, or that say nothing about what the adapter computes.
constexpr std::array kKnownKeys = {
    "r",         "lora_alpha",   "lora_dropout",      "target_modules", "use_rslora",     "bias",
    "peft_type", "task_type",    "init_lora_weights", "loftq_config",   "auto_mapping",   "base_model_name_or_path",
    "revision",  "peft_version", "inference_mode",    "megatron_core",  "runtime_config", "qalora_group_size"};

bool neutral(const Json& value) { return value.is_null() || value == false || ((value.is_object() || value.is_array()) && value.empty()); }

void refuse_unsupported(const Json& document, const JsonObject& config) {
  for (const auto& [key, value] : document.items()) {
    const bool known = std::find(kKnownKeys.begin(), kKnownKeys.end(), key) != kKnownKeys.end();
    if (!known && !neutral(value)) config.refuse(key, "null, false or empty (not supported)", printable(value.dump()));
  }
  if (config.string("peft_type") != "LORA") config.refuse("peft_type", "LORA", printable(config.string("peft_type")));
  if (config.has("task_type") && config.string("task_type") != "CAUSAL_LM") {
    config.refuse("task_type", "CAUSAL_LM", printable(config.string("task_type")));
  }
  if (const std::string bias = config.string_or("bias", "none"); bias != "none")
    config.refuse("bias", "none (others are not supported)", printable(bias));
  if (config.has("init_lora_weights")) {
    // PiSSA, OLoRA and the like change the base's weights too.
    const Json& how = config.raw("init_lora_weights");
    if (!how.is_boolean() && how != "gaussian") config.refuse("init_lora_weights", "true, false or gaussian", printable(how.dump()));
  }
}

std::vector<LinearKind> read_targets(const JsonObject& config) {
  if (config.raw("target_modules") == "all-linear") return {kAllLinears.begin(), kAllLinears.end()};
  std::set<LinearKind> asked;
  for (const std::string& name : config.strings("target_modules")) {
    const auto kind = std::find_if(kAllLinears.begin(), kAllLinears.end(), [&](LinearKind k) { return target_name(k) == name; });
    if (kind == kAllLinears.end()) config.refuse("target_modules", "names of a layer's linears (q_proj, …, down_proj)", printable(name));
    asked.insert(*kind);
  }
  if (asked.empty()) config.refuse("target_modules", "at least one linear", "none");
  return {asked.begin(), asked.end()};
}

LoraSettings read_settings(const JsonObject& config) {
  LoraSettings settings;
  settings.rank = config.integer("r", 1, 1 << 20);
  settings.alpha = config.number("lora_alpha");
  if (!(settings.alpha > 0)) config.refuse("lora_alpha", "a number above 0", config.raw("lora_alpha").dump());
  settings.dropout = config.number_or("lora_dropout", 0.0);
  if (settings.dropout < 0 || settings.dropout >= 1) config.refuse("lora_dropout", "a number in [0, 1)", config.raw("lora_dropout").dump());
  settings.rslora = config.boolean_or("use_rslora", false);
  settings.targets = read_targets(config);
  return settings;
}

at::Tensor read_tensor(const SafetensorsFile& file, const std::string& name, const std::vector<int64_t>& shape) {
  const std::string path = file.path().string();
  if (!file.tensors().contains(name)) throw InputError(path, name, "a tensor " + shape_text(shape), "none of this name");
  const TensorEntry& entry = file.entry(name);
  if (entry.shape != shape) throw InputError(path, name, "shape " + shape_text(shape), shape_text(entry.shape));
  const at::ScalarType type = torch_type(entry.type);
  if (!c10::isFloatingType(type)) throw InputError(path, name, "a floating-point type", std::string(name_of(entry.type)));
  const auto bytes = file.bytes(name);
  const at::Tensor raw = at::empty({static_cast<int64_t>(bytes.size())}, at::kByte);
  std::copy(bytes.begin(), bytes.end(), static_cast<std::byte*>(raw.mutable_data_ptr()));  // the file need not align its tensors
  at::Tensor value = raw.view(type).view(shape).to(at::kFloat);
  if (!at::isfinite(value).all().item<bool>()) throw InputError(path, name, "finite values", "NaN or infinity");
  return value;
}

std::map<std::string, LoraPair> read_pairs(const SafetensorsFile& file, const LoraSettings& settings, const ModelConfig& config) {
  std::map<std::string, LoraPair> pairs;
  std::set<std::string> known;
  for (int64_t i = 0; i < config.layers; ++i) {
    for (const LinearKind kind : settings.targets) {
      const std::string name = linear_name(*config.family, LayerIndex(i), kind);
      const LinearShape shape = linear_shape(config, kind);
      const std::string a = kTensorPrefix + name + ".lora_A.weight", b = kTensorPrefix + name + ".lora_B.weight";
      pairs.emplace(name, LoraPair{read_tensor(file, a, {settings.rank, shape.in}), read_tensor(file, b, {shape.out, settings.rank})});
      known.insert({a, b});
    }
  }
  for (const auto& [name, entry] : file.tensors()) {
    if (!known.contains(name))
      throw InputError(file.path().string(), name, "only lora_A and lora_B of the target linears", "an extra tensor");
  }
  return pairs;
}

// Which base and rotation: rolora_adapter.json, checked against a rotation record beside it. A folder with neither stands on a plain base.
void read_origin(const fs::path& folder, Adapter& adapter) {
  const fs::path file = folder / kOwnFile;
  if (fs::exists(file)) {
    const Json document = read_json_file(file);
    const JsonObject own(document, file.string());
    own.integer("format", kOwnFormat, kOwnFormat);
    own.string("tool_version");
    adapter.base_hash = own.string("base_hash");
    adapter.rotation_checksum = own.string_or("rotation", "");
    if (own.has("training")) adapter.training = own.raw("training");
    own.refuse_unknown();
  }
  if (!has_rotation(folder)) return;
  const std::string checksum = load_rotation(folder).checksum();
  if (fs::exists(file) && checksum != adapter.rotation_checksum) {
    throw InputError(file.string(), "rotation", "the record's beside it, " + checksum,
                     adapter.rotation_checksum.empty() ? "none" : adapter.rotation_checksum);
  }
  adapter.rotation_checksum = checksum;
}

Json peft_config(const Adapter& adapter) {
  const LoraSettings& s = adapter.settings;
  Json targets = Json::array();
  for (const LinearKind kind : s.targets) targets.push_back(target_name(kind));
  const bool whole = s.alpha == std::floor(s.alpha) && s.alpha < 1e9;
  return {{"peft_type", "LORA"},
          {"task_type", "CAUSAL_LM"},
          {"base_model_name_or_path", adapter.base_model},
          {"r", s.rank},
          {"lora_alpha", whole ? Json(static_cast<int64_t>(s.alpha)) : Json(s.alpha)},
          {"lora_dropout", s.dropout},
          {"target_modules", std::move(targets)},
          {"bias", "none"},
          {"fan_in_fan_out", false},
          {"inference_mode", true},
          {"init_lora_weights", true},
          {"modules_to_save", nullptr},
          {"layers_to_transform", nullptr},
          {"layers_pattern", nullptr},
          {"rank_pattern", Json::object()},
          {"alpha_pattern", Json::object()},
          {"use_dora", false},
          {"use_rslora", s.rslora},
          {"revision", nullptr},
          {"auto_mapping", nullptr}};
}

}  // namespace

Adapter load_adapter(const fs::path& folder, const ModelConfig& config) {
  const fs::path file = folder / "adapter_config.json";
  const Json document = read_json_file(file);
  const JsonObject peft(document, file.string());
  refuse_unsupported(document, peft);
  Adapter adapter;
  adapter.settings = read_settings(peft);
  adapter.base_model = peft.string_or("base_model_name_or_path", "");
  adapter.pairs = read_pairs(SafetensorsFile::open(folder / "adapter_model.safetensors"), adapter.settings, config);
  read_origin(folder, adapter);
  return adapter;
}

void save_adapter(const Adapter& adapter, const ModelConfig&, const fs::path& folder) {
  std::vector<SafetensorsWriter::Declared> declared;
  std::vector<at::Tensor> values;
  for (const auto& [name, pair] : adapter.pairs) {
    for (const auto& [part, tensor] : {std::pair{"A", pair.a}, std::pair{"B", pair.b}}) {
      values.push_back(tensor.detach().to(at::kCPU, at::kFloat).contiguous());
      declared.push_back({kTensorPrefix + name + ".lora_" + part + ".weight", StoredType::F32, values.back().sizes().vec()});
    }
  }
  SafetensorsWriter writer(folder / "adapter_model.safetensors", declared, {{"format", "pt"}});
  for (size_t i = 0; i < declared.size(); ++i) writer.write(declared[i].name, bytes_of_tensor(values[i]));
  writer.finish();
  write_file_atomically(folder / "adapter_config.json", json_text(peft_config(adapter)));
  const Json own = {{"format", kOwnFormat},
                    {"tool_version", kToolVersion},
                    {"base_hash", adapter.base_hash},
                    {"rotation", adapter.rotation_checksum.empty() ? Json() : Json(adapter.rotation_checksum)},
                    {"training", adapter.training}};
  write_file_atomically(folder / kOwnFile, json_text(own));
}

}  // namespace rolora
