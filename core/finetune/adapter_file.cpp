// SPDX-License-Identifier: GPL-3.0-or-later
// The PEFT folder of an adapter, written and read.
#include <ATen/ATen.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <set>
#include <tuple>

#include "core/base/error.h"
#include "core/base/version.h"
#include "core/finetune/fused_adapter.h"
#include "core/finetune/peft_targets.h"
#include "core/model/checkpoint.h"
#include "core/rotation/record.h"
#include "core/storage/atomic_file.h"
#include "core/storage/safetensors.h"
#include "core/storage/small_json.h"

namespace rolora {
namespace {

namespace fs = std::filesystem;

constexpr const char* kTensorPrefix = "base_model.model.";
constexpr const char* kOwnFile = "rolora_adapter.json";
constexpr int kOwnFormat = 1;
constexpr const char* kSplitKey = "split";
constexpr const char *kA = ".lora_A.weight", *kB = ".lora_B.weight", *kMagnitude = ".lora_magnitude_vector";

// Keys of adapter_config.json that are read here, or that say nothing about what the adapter computes.
constexpr std::array kKnownKeys = {"r",
                                   "lora_alpha",
                                   "lora_dropout",
                                   "target_modules",
                                   "exclude_modules",
                                   "layers_to_transform",
                                   "layers_pattern",
                                   "rank_pattern",
                                   "alpha_pattern",
                                   "use_rslora",
                                   "use_dora",
                                   "bias",
                                   "peft_type",
                                   "task_type",
                                   "init_lora_weights",
                                   "loftq_config",
                                   "auto_mapping",
                                   "base_model_name_or_path",
                                   "revision",
                                   "peft_version",
                                   "inference_mode",
                                   "megatron_core",
                                   "runtime_config",
                                   "qalora_group_size"};

bool neutral(const Json& value) { return value.is_null() || value == false || ((value.is_object() || value.is_array()) && value.empty()); }

using Split = std::map<std::string, std::vector<LinearKind>, std::less<>>;  // PEFT's target → the linears in it that were trained apart

void refuse_unsupported(const Json& document, const JsonObject& config) {
  for (const auto& [key, value] : document.items()) {
    const bool known = std::find(kKnownKeys.begin(), kKnownKeys.end(), key) != kKnownKeys.end();
    if (!known && !neutral(value))
      config.refuse(key, "null, false or empty (not supported; PEFT's merge_and_unload makes a model of it)", printable(value.dump()));
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

std::optional<LinearKind> kind_of(const std::string& name) {
  const auto kind = std::find_if(kAllLinears.begin(), kAllLinears.end(), [&](LinearKind k) { return target_name(k) == name; });
  return kind == kAllLinears.end() ? std::nullopt : std::optional<LinearKind>(*kind);
}

// The linears of each layer that are meant; of a fused module all, or those of `split`.
std::vector<std::vector<LinearKind>> read_targets(const PeftTargets& targets, const ModelConfig& model, const Split& split) {
  std::vector<std::vector<LinearKind>> by_layer;
  for (int64_t i = 0; i < model.layers; ++i) {
    std::vector<LinearKind>& kinds = by_layer.emplace_back();
    for (const LinearKind kind : kAllLinears) {
      const auto apart = split.find(peft_target(*model.family, kind));
      const bool meant = apart == split.end() || std::find(apart->second.begin(), apart->second.end(), kind) != apart->second.end();
      if (meant && targets.targets(peft_modules(model, LayerIndex(i), {kind}).front().name)) kinds.push_back(kind);
    }
  }
  return by_layer;
}

// A module of several linears that were trained apart has a larger rank than the others; alpha grows with it, so that the scaling stays.
std::pair<Json, Json> split_patterns(const LoraSettings& settings, const ModelConfig& model) {
  Json ranks = Json::object(), alphas = Json::object();
  for (const PeftModule& module : peft_modules(model, LayerIndex(0), settings.targets)) {
    if (module.rank_factor() == 1) continue;
    const std::string name(peft_target(*model.family, module.parts.front()));
    const auto factor = static_cast<double>(module.rank_factor());
    ranks[name] = settings.rank * module.rank_factor();
    alphas[name] = settings.alpha * (settings.rslora ? std::sqrt(factor) : factor);
  }
  return {ranks, alphas};
}

LoraSettings read_settings(const JsonObject& config, const ModelConfig& model, const Split& split,
                           const std::vector<std::vector<LinearKind>>& by_layer) {
  LoraSettings settings;
  settings.rank = config.integer("r", 1, 1 << 20);
  settings.alpha = config.number("lora_alpha");
  settings.dropout = config.number_or("lora_dropout", 0.0);
  if (settings.dropout < 0 || settings.dropout >= 1) config.refuse("lora_dropout", "a number in [0, 1)", config.raw("lora_dropout").dump());
  settings.rslora = config.boolean_or("use_rslora", false);
  settings.dora = config.boolean_or("use_dora", false);
  std::set<LinearKind> somewhere;
  for (const std::vector<LinearKind>& kinds : by_layer) somewhere.insert(kinds.begin(), kinds.end());
  settings.targets = {somewhere.begin(), somewhere.end()};
  if (split.empty()) return settings;
  const auto [ranks, alphas] = split_patterns(settings, model);
  const auto expect = [&](const char* key, const Json& expected) {
    const Json found = config.has(key) ? config.raw(key) : Json::object();
    if (found != expected)
      config.refuse(key, expected.dump() + ", as the linears of rolora_adapter.json's split say", printable(found.dump()));
  };
  expect("rank_pattern", ranks);
  expect("alpha_pattern", alphas);
  return settings;
}

at::Tensor read_tensor(const TensorFile& file, const std::string& name, const std::vector<int64_t>& shape) {
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

// The values of one module, by the linears in it.
std::vector<LoraPair> read_module(const TensorFile& file, const ModelConfig& config, const PeftModule& module, int64_t rank,
                                  bool trained_apart) {
  const LinearShape shape = module_shape(config, module);
  const LoraPair whole{read_tensor(file, kTensorPrefix + module.name + kA, {rank, shape.in}),
                       read_tensor(file, kTensorPrefix + module.name + kB, {shape.out, rank})};
  return trained_apart ? split_blocks(config, module, whole, file.path().string()) : split_shared(config, module, whole);
}

// The values of the linears in `by_layer`; adapter.settings says the rest.
void read_pairs(const TensorFile& file, const ModelConfig& config, const PeftTargets& targets,
                const std::vector<std::vector<LinearKind>>& by_layer, bool trained_apart, Adapter& adapter) {
  const LoraSettings& settings = adapter.settings;
  std::set<std::string> known;
  for (int64_t i = 0; i < config.layers; ++i) {
    for (const PeftModule& module : peft_modules(config, LayerIndex(i), by_layer[static_cast<size_t>(i)])) {
      LoraSettings own = settings;
      own.rank = targets.rank(module.name);
      own.alpha = targets.alpha(module.name);
      std::vector<LoraPair> parts = read_module(file, config, module, own.rank, trained_apart);
      for (size_t p = 0; p < parts.size(); ++p) {
        const bool usual = trained_apart || (own.rank == settings.rank && own.alpha == settings.alpha);
        if (!usual) parts[p].factor = own.scaling() / settings.scaling();
        adapter.pairs.emplace(linear_name(*config.family, LayerIndex(i), module.parts[p]), std::move(parts[p]));
      }
      known.insert({kTensorPrefix + module.name + kA, kTensorPrefix + module.name + kB});
      if (!settings.dora) continue;
      const std::string magnitude = kTensorPrefix + module.name + kMagnitude;
      split_magnitudes(config, LayerIndex(i), module, read_tensor(file, magnitude, {module_shape(config, module).out}), adapter);
      known.insert(magnitude);
    }
  }
  for (const auto& [name, entry] : file.tensors()) {
    if (known.contains(name)) continue;
    throw InputError(file.path().string(), name,
                     settings.dora ? "only lora_A, lora_B and lora_magnitude_vector of the target linears"
                                   : "only lora_A and lora_B of the target linears (use_dora is false)",
                     "an extra tensor");
  }
}

// Of an adapter that this program wrote for a family with fused linears; empty for every other.
Split read_split(const fs::path& folder, const FamilyDescription& family) {
  Split split;
  if (!fs::exists(folder / kOwnFile)) return split;
  const Json document = read_json_file(folder / kOwnFile, kSmallJson);
  const JsonObject own(document, (folder / kOwnFile).string());
  if (!own.has(kSplitKey)) return split;
  const JsonObject parts = own.object(kSplitKey);
  for (const auto& [target, list] : document[kSplitKey].items()) {
    for (const std::string& name : parts.strings(target)) {
      const auto kind = kind_of(name);
      if (!kind || !fused_with(family, *kind) || peft_target(family, *kind) != target) {
        parts.refuse(target, "linears that this module holds", printable(name));
      }
      split[target].push_back(*kind);
    }
  }
  return split;
}

// Which base and rotation: rolora_adapter.json, checked against a rotation record beside it. A folder with neither stands on a plain base.
void read_origin(const fs::path& folder, Adapter& adapter) {
  const fs::path file = folder / kOwnFile;
  if (fs::exists(file)) {
    const Json document = read_json_file(file, kSmallJson);
    const JsonObject own(document, file.string());
    own.integer("format", kOwnFormat, kOwnFormat);
    own.string("tool_version");
    adapter.base_hash = own.string("base_hash");
    adapter.rotation_checksum = own.string_or("rotation", "");
    if (own.has("training")) adapter.training = own.raw("training");
    own.has(kSplitKey);  // read by read_split
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

Json number_json(double value) {
  const bool whole = value == std::floor(value) && std::fabs(value) < 1e9;
  return whole ? Json(static_cast<int64_t>(value)) : Json(value);
}

// What adapter_config.json says of modules: which, and where one has a rank or scaling of its own, those.
struct SaidOfModules {
  Json targets = Json::array(), ranks = Json::object(), alphas = Json::object();
};

SaidOfModules said_of_modules(const Adapter& adapter, const ModelConfig& model) {
  const LoraSettings& s = adapter.settings;
  const auto ending = [&](const PeftModule& module) { return std::string(peft_target(*model.family, module.parts.front())); };
  SaidOfModules said;
  bool everywhere = true;
  for (int64_t i = 0; i < model.layers; ++i) everywhere = everywhere && targets_of(adapter, model, LayerIndex(i)) == s.targets;
  for (int64_t i = 0; i < (everywhere ? 1 : model.layers); ++i) {
    for (const PeftModule& module : peft_modules(model, LayerIndex(i), targets_of(adapter, model, LayerIndex(i)))) {
      said.targets.push_back(everywhere ? ending(module) : module.name);
    }
  }
  const bool trained_apart = !adapter.fused && std::any_of(s.targets.begin(), s.targets.end(),
                                                           [&](LinearKind kind) { return fused_with(*model.family, kind) != nullptr; });
  if (trained_apart) {
    std::tie(said.ranks, said.alphas) = split_patterns(s, model);
    return said;
  }
  for (int64_t i = 0; i < model.layers; ++i) {
    for (const PeftModule& module : peft_modules(model, LayerIndex(i), targets_of(adapter, model, LayerIndex(i)))) {
      const LoraPair& pair = adapter.pairs.at(linear_name(*model.family, LayerIndex(i), module.parts.front()));
      const int64_t rank = pair.a.size(0);
      if (rank == s.rank && pair.factor == 1) continue;
      const auto r = static_cast<double>(rank);
      said.ranks[module.name] = rank;
      said.alphas[module.name] = number_json(s.scaling() * pair.factor * (s.rslora ? std::sqrt(r) : r));
    }
  }
  return said;
}

Json peft_config(const Adapter& adapter, const ModelConfig& model) {
  const LoraSettings& s = adapter.settings;
  SaidOfModules said = said_of_modules(adapter, model);
  return {{"peft_type", "LORA"},
          {"task_type", "CAUSAL_LM"},
          {"base_model_name_or_path", adapter.base_model},
          {"r", s.rank},
          {"lora_alpha", number_json(s.alpha)},
          {"lora_dropout", s.dropout},
          {"target_modules", std::move(said.targets)},
          {"bias", "none"},
          {"fan_in_fan_out", false},
          {"inference_mode", true},
          {"init_lora_weights", true},
          {"modules_to_save", nullptr},
          {"layers_to_transform", nullptr},
          {"layers_pattern", nullptr},
          {"rank_pattern", std::move(said.ranks)},
          {"alpha_pattern", std::move(said.alphas)},
          {"use_dora", s.dora},
          {"use_rslora", s.rslora},
          {"revision", nullptr},
          {"auto_mapping", nullptr}};
}

// The values by PEFT's modules. `split` gets, for modules that hold several linears trained apart, which.
std::map<std::string, LoraPair> modules_of(const Adapter& adapter, const ModelConfig& config, Json& split) {
  std::map<std::string, LoraPair> modules = adapter.pairs;
  for (int64_t i = 0; i < config.layers; ++i) {
    for (const PeftModule& module : peft_modules(config, LayerIndex(i), targets_of(adapter, config, LayerIndex(i)))) {
      if (!module.fused) continue;
      std::vector<LoraPair> parts;
      Json names = Json::array();
      for (const LinearKind kind : module.parts) {
        parts.push_back(modules.extract(linear_name(*config.family, LayerIndex(i), kind)).mapped());
        names.push_back(target_name(kind));
      }
      LoraPair whole = adapter.fused ? join_shared(module, parts) : fuse_parts(config, module, parts);
      if (adapter.settings.dora) whole.magnitude = fuse_magnitudes(config, LayerIndex(i), module, adapter);
      modules[module.name] = std::move(whole);
      if (!adapter.fused) split[std::string(peft_target(*config.family, module.parts.front()))] = std::move(names);
    }
  }
  return modules;
}

}  // namespace

fs::path adapter_weights(const fs::path& folder) {
  const fs::path usual = folder / "adapter_model.safetensors", older = folder / "adapter_model.bin";
  return !fs::exists(usual) && fs::exists(older) ? older : usual;
}

Adapter load_adapter(const fs::path& folder, const ModelConfig& config) {
  const fs::path file = folder / "adapter_config.json";
  const Json document = read_json_file(file, kSmallJson);
  const JsonObject peft(document, file.string());
  const Split split = read_split(folder, *config.family);
  refuse_unsupported(document, peft);
  Adapter adapter;
  const PeftTargets targets(peft, *config.family, config.layers);
  const auto by_layer = read_targets(targets, config, split);
  adapter.settings = read_settings(peft, config, split, by_layer);
  adapter.base_model = peft.string_or("base_model_name_or_path", "");
  const auto& kinds = adapter.settings.targets;
  adapter.fused =
      split.empty() && std::any_of(kinds.begin(), kinds.end(), [&](LinearKind k) { return fused_with(*config.family, k) != nullptr; });
  read_pairs(TensorFile::open(adapter_weights(folder)), config, targets, by_layer, !split.empty(), adapter);
  read_origin(folder, adapter);
  return adapter;
}

void save_adapter(const Adapter& adapter, const ModelConfig& config, const fs::path& folder) {
  Json split = Json::object();
  std::vector<SafetensorsWriter::Declared> declared;
  std::vector<at::Tensor> values;
  const auto add = [&](const std::string& name, const at::Tensor& value) {
    values.push_back(value.detach().to(at::kCPU, at::kFloat).contiguous());
    declared.push_back({kTensorPrefix + name, StoredType::F32, values.back().sizes().vec()});
  };
  for (const auto& [name, pair] : modules_of(adapter, config, split)) {
    add(name + kA, pair.a);
    add(name + kB, pair.b);
    if (pair.magnitude.defined()) add(name + kMagnitude, pair.magnitude);
  }
  SafetensorsWriter writer(folder / "adapter_model.safetensors", declared, {{"format", "pt"}});
  for (size_t i = 0; i < declared.size(); ++i) writer.write(declared[i].name, bytes_of_tensor(values[i]));
  writer.finish();
  write_file_atomically(folder / "adapter_config.json", json_text(peft_config(adapter, config)));
  Json own = {{"format", kOwnFormat},
              {"tool_version", kToolVersion},
              {"base_hash", adapter.base_hash},
              {"rotation", adapter.rotation_checksum.empty() ? Json() : Json(adapter.rotation_checksum)},
              {"training", adapter.training}};
  if (!split.empty()) own[kSplitKey] = std::move(split);
  write_file_atomically(folder / kOwnFile, json_text(own));
}

}  // namespace rolora
