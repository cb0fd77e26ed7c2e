// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/config.h"

#include <algorithm>

#include "core/base/error.h"
#include "core/model/llama2c.h"
#include "core/model/rope_settings.h"
#include "core/model/tuned.h"
#include "core/model/weights.h"
#include "core/storage/small_json.h"

namespace rolora {
namespace {

constexpr int64_t kMostWidth = int64_t{1} << 28;  // products of two widths times 8 bytes stay below 2^63
constexpr int64_t kMostContext = int64_t{1} << 31;
constexpr int64_t kMostLayers = 10000;
constexpr int kOwnFormat = 1;
constexpr std::string_view kOwnPrefix = "rolora_";

// Own folders carry the architecture's names under "rolora" (see derived_config), and every folder there how it was tuned, if it was.
void read_own_block(const JsonObject& own, bool derived, ModelConfig& config) {
  own.integer("format", kOwnFormat, kOwnFormat);
  if (derived) {
    config.own_kind = own.string("kind");
    if (config.own_kind != "rotated" && config.own_kind != "quantized") own.refuse("kind", "rotated or quantized", config.own_kind);
    config.model_type = own.string("model_type");
    if (own.has("architectures")) own.strings("architectures");
  }
  read_tuned_mark(own);
  own.refuse_unknown();
}

// " (compressed-tensors)"
std::string format_of_other(const JsonObject& json) {
  const Json& block = json.raw("quantization_config");
  if (!block.is_object() || !block.contains("quant_method") || !block["quant_method"].is_string()) return "";
  return " (" + printable(block["quant_method"].get<std::string>()) + ")";
}

void read_type(const JsonObject& json, ModelConfig& config) {
  config.model_type = json.string("model_type");
  const bool derived = config.model_type.starts_with(kOwnPrefix);
  if (derived || json.has("rolora")) read_own_block(json.object("rolora"), derived, config);
  if (!derived && json.has("quantization_config")) {
    json.refuse("quantization_config",
                "a floating-point checkpoint (of quantized folders those of rolora quantize, compressed-tensors and GPTQ can be run)",
                "one in another library's format" + format_of_other(json));
  }
  if (json.has("compression_config") && !json.raw("compression_config").empty()) {
    json.refuse("compression_config", "a floating-point checkpoint, or quantization_config, the later name of this key",
                "settings of an early compressed-tensors, which are not read");
  }
  config.family = find_family(config.model_type);
  if (config.family) return;
  std::string found = printable(config.model_type);
  if (json.has("architectures") && json.raw("architectures").is_array() && !json.raw("architectures").empty()) {
    found += " (" + printable(json.strings("architectures").front()) + ")";
  }
  json.refuse("model_type", "a supported family: " + supported_families(), found);
}

void read_sizes(const JsonObject& json, ModelConfig& c) {
  c.hidden = json.integer("hidden_size", 1, kMostWidth);
  c.intermediate = json.integer("intermediate_size", 1, kMostWidth);
  c.vocabulary = json.integer("vocab_size", 1, kMostWidth);
  c.layers = json.integer("num_hidden_layers", 1, kMostLayers);
  c.heads = json.integer("num_attention_heads", 1, kMostWidth);
  // null means one for each query head; a missing key may mean another number
  const bool left_out = !c.raw.contains("num_key_value_heads") && c.family->default_kv_heads > 0;
  c.kv_heads = left_out ? c.family->default_kv_heads : json.integer_or("num_key_value_heads", c.heads, 1, kMostWidth);
  c.context = json.integer_or("max_position_embeddings", c.family->default_context, 1, kMostContext);
  if (c.heads % c.kv_heads != 0) {
    json.refuse("num_key_value_heads", "a divisor of num_attention_heads " + std::to_string(c.heads), std::to_string(c.kv_heads));
  }
  if (json.has("head_dim")) {
    c.head_dim = json.integer("head_dim", 1, kMostWidth);
  } else if (c.family->default_head_dim > 0) {
    c.head_dim = c.family->default_head_dim;
  } else {
    if (c.hidden % c.heads != 0) {
      json.refuse("hidden_size", "a multiple of num_attention_heads " + std::to_string(c.heads) + " (or an explicit head_dim)",
                  std::to_string(c.hidden));
    }
    c.head_dim = c.hidden / c.heads;
  }
  if (c.head_dim % 2 != 0) json.refuse("head_dim", "an even number (rotary embedding turns pairs)", std::to_string(c.head_dim));
  if (c.heads * c.head_dim > kMostWidth) {
    json.refuse("head_dim", "heads times head_dim of at most " + std::to_string(kMostWidth), std::to_string(c.head_dim));
  }
}

void read_options(const JsonObject& json, ModelConfig& c) {
  const std::string activation = json.string_or("hidden_act", "silu");
  if (activation != "silu" && activation != "swish") json.refuse("hidden_act", "silu", printable(activation));
  if (!json.boolean_or("is_causal", true)) json.refuse("is_causal", "true (a token sees those before it)", "false");
  if (json.has("per_layer_config") && !json.raw("per_layer_config").empty()) {
    json.refuse("per_layer_config", "none (every layer has the same settings)", printable(json.raw("per_layer_config").dump()));
  }
  c.rms_epsilon = json.number_or("rms_norm_eps", c.family->default_rms_epsilon);
  if (!(c.rms_epsilon >= 0 && c.rms_epsilon < 1)) json.refuse("rms_norm_eps", "a number in [0, 1)", json.raw("rms_norm_eps").dump());
  c.tied = json.boolean_or("tie_word_embeddings", c.family->default_tied);
  c.attention_bias = c.family->attention_bias_key && json.boolean_or("attention_bias", false);
  c.mlp_bias = c.family->mlp_bias_key && json.boolean_or("mlp_bias", false);
  c.qkv_bias = c.family->qkv_bias;
}

// The checkpoints of the world write an absent token as null or −1.
std::optional<int64_t> token_id(const JsonObject& json, std::string_view key, const Json& value) {
  if (!value.is_number_integer()) json.refuse(key, "a token id", printable(value.dump()));
  const int64_t id = value.is_number_unsigned() && value.get<uint64_t>() > kMostWidth ? kMostWidth + 1 : value.get<int64_t>();
  if (id < -1 || id > kMostWidth) json.refuse(key, "a token id", printable(value.dump()));
  return id < 0 ? std::nullopt : std::optional<int64_t>(id);
}

void read_special_tokens(const JsonObject& json, const Json& document, ModelConfig& c) {
  if (json.has("bos_token_id")) {
    c.bos = token_id(json, "bos_token_id", json.raw("bos_token_id"));
  } else if (!document.contains("bos_token_id")) {
    c.bos = c.family->default_bos;
  }
  if (!document.contains("eos_token_id")) {
    if (c.family->default_eos) c.eos = {*c.family->default_eos};
  } else if (json.has("eos_token_id")) {
    const Json& value = json.raw("eos_token_id");
    for (const Json& one : value.is_array() ? value : Json::array({value})) {
      if (const auto id = token_id(json, "eos_token_id", one)) c.eos.push_back(*id);
    }
  }
}

void require_one_for_each_layer(const JsonObject& json, const ModelConfig& c, const std::vector<std::string>& types) {
  if (static_cast<int64_t>(types.size()) == c.layers) return;
  json.refuse("layer_types", std::to_string(c.layers) + " entries, one for each layer", std::to_string(types.size()));
}

// By layer, as the configuration classes of Qwen have it; 0 = no window.
std::vector<int64_t> layer_windows(const JsonObject& json, const ModelConfig& c, int64_t window) {
  std::vector<int64_t> windows(static_cast<size_t>(c.layers), 0);
  if (!json.has("layer_types")) {
    const int64_t full = json.integer_or("max_window_layers", c.family->default_full_layers, 0, kMostLayers);
    for (int64_t i = full; i < c.layers; ++i) windows[static_cast<size_t>(i)] = window;
    return windows;
  }
  const std::vector<std::string> types = json.strings("layer_types");
  require_one_for_each_layer(json, c, types);
  for (size_t i = 0; i < types.size(); ++i) {
    if (types[i] == "full_attention") continue;
    if (types[i] != "sliding_attention") json.refuse("layer_types", "full_attention or sliding_attention", printable(types[i]));
    if (window == 0) json.refuse("layer_types", "full_attention in every layer, as there is no sliding window", types[i]);
    windows[i] = window;
  }
  return windows;
}

constexpr const char* kCacheAlone =
    "none (in this family transformers' cache would follow it and its prefill not: generated text would differ)";

void refuse_window_of_the_cache(const JsonObject& json, const ModelConfig& c, const char* key) {
  if (json.has(key) && json.integer(key, 1, kMostContext) < c.context) json.refuse(key, kCacheAlone, json.raw(key).dump());
}

// In a family without windows transformers' masks do not look at these keys, but the cache it generates with does, and forgets keys.
void refuse_windows_of_the_cache_alone(const JsonObject& json, const ModelConfig& c) {
  if (json.has("layer_types")) {
    const std::vector<std::string> types = json.strings("layer_types");
    require_one_for_each_layer(json, c, types);
    for (const std::string& type : types) {
      if (type != "full_attention")
        json.refuse("layer_types", "full_attention in every layer, or " + std::string(kCacheAlone), printable(type));
    }
    return;
  }
  for (const char* key : {"sliding_window", "attention_chunk_size"}) refuse_window_of_the_cache(json, c, key);
}

void read_windows(const JsonObject& json, ModelConfig& c) {
  const WindowRule rule = c.family->window;
  if (rule == WindowRule::none) return refuse_windows_of_the_cache_alone(json, c);
  int64_t window = 0;  // none
  const bool in_use = rule == WindowRule::every_layer || json.boolean_or("use_sliding_window", false);
  if (rule == WindowRule::every_layer && json.has("layer_types")) {
    json.refuse("layer_types", "none (with it transformers reads a mistral as Ministral, and others by their cache only)", "one");
  }
  if (!in_use) {
    // whatever number stands there
  } else if (json.has("sliding_window")) {
    window = json.integer("sliding_window", 2, kMostContext);  // with 1 the prefill and the cache of transformers differ
  } else if (!c.raw.contains("sliding_window")) {
    window = c.family->default_window;
  }
  if (rule == WindowRule::by_layer) {
    c.windows = layer_windows(json, c, window);
  } else if (window > 0) {
    c.windows.assign(static_cast<size_t>(c.layers), window);
  } else {
    refuse_window_of_the_cache(json, c, "attention_chunk_size");  // a window would come before it
  }
  if (std::all_of(c.windows.begin(), c.windows.end(), [](int64_t w) { return w == 0; })) c.windows.clear();
}

// Those bring their configuration along.
void refuse_folder_of_gguf(const std::filesystem::path& folder) {
  std::error_code unreadable;  // told where config.json is missed
  std::filesystem::path found;
  for (const auto& entry : std::filesystem::directory_iterator(folder, unreadable)) {
    const std::filesystem::path ending = entry.path().extension();
    if (ending == ".safetensors") return;
    if (ending == ".gguf" && (found.empty() || entry.path() < found)) found = entry.path();
  }
  if (!found.empty()) refuse_gguf(found, "MODEL");
}

// Meta's own files: their tensors have other names, and those of larger models lie in slices.
void refuse_original(const std::filesystem::path& folder) {
  const std::filesystem::path weights = folder / "consolidated.00.pth";
  if (!std::filesystem::exists(weights)) return;
  throw InputError(weights.string(), "MODEL",
                   "a Hugging Face folder (transformers 4 makes one: src/transformers/models/llama/convert_llama_weights_to_hf.py "
                   "--input_dir DIR --output_dir OUT)",
                   "Meta's original checkpoint");
}

}  // namespace

ModelConfig parse_model_config(const Json& document, const std::string& file) {
  const JsonObject json(document, file);
  ModelConfig config;
  config.raw = document;
  read_type(json, config);
  read_sizes(json, config);
  read_options(json, config);
  read_special_tokens(json, document, config);
  read_rope(json, config);
  read_windows(json, config);
  return config;
}

std::filesystem::path folder_of_model(const std::filesystem::path& model) {
  if (!std::filesystem::is_regular_file(model)) return model;
  return model.has_parent_path() ? model.parent_path() : std::filesystem::path(".");
}

ModelConfig read_model_config(const std::filesystem::path& folder) {
  if (std::filesystem::is_regular_file(folder)) {
    ModelConfig config = parse_model_config(read_llama2c(folder).config, folder.string());
    config.single_file = true;
    return config;
  }
  if (!std::filesystem::is_directory(folder)) {
    throw InputError(folder.string(), "MODEL", "a model folder",
                     std::filesystem::exists(folder) ? "a device, pipe or socket" : "no such folder");
  }
  const std::filesystem::path file = folder / "config.json";
  if (!std::filesystem::exists(file)) {
    refuse_original(folder);
    refuse_folder_of_gguf(folder);
  }
  return parse_model_config(read_json_file(file, kSmallJson), file.string());
}

bool has_bias(const ModelConfig& config, LinearKind kind) {
  switch (kind) {
    case LinearKind::q:
    case LinearKind::k:
    case LinearKind::v:
      return config.attention_bias || config.qkv_bias;
    case LinearKind::o:
      return config.attention_bias;
    default:
      return config.mlp_bias;
  }
}

LinearShape linear_shape(const ModelConfig& c, LinearKind kind) {
  switch (kind) {
    case LinearKind::q:
      return {c.heads * c.head_dim, c.hidden};
    case LinearKind::k:
    case LinearKind::v:
      return {c.kv_heads * c.head_dim, c.hidden};
    case LinearKind::o:
      return {c.hidden, c.heads * c.head_dim};
    case LinearKind::gate:
    case LinearKind::up:
      return {c.intermediate, c.hidden};
    default:
      return {c.hidden, c.intermediate};
  }
}

int64_t window_of(const ModelConfig& config, LayerIndex layer) {
  return config.windows.empty() ? 0 : config.windows.at(static_cast<size_t>(layer.value));
}

StoredPart stored_part(const ModelConfig& config, LayerIndex layer, LinearKind kind, std::string_view tail) {
  const FusedLinears* fused = fused_with(*config.family, kind);
  if (!fused) return {linear_name(*config.family, layer, kind) + std::string(tail)};
  StoredPart part{layer_tensor(*config.family, layer, fused->name) + std::string(tail), false, 0, linear_shape(config, kind).out};
  for (LinearKind before = fused->first; before != kind; before = static_cast<LinearKind>(static_cast<int>(before) + 1)) {
    part.first += linear_shape(config, before).out;
  }
  return part;
}

int64_t parameter_count(const ModelConfig& config) {
  int64_t layer = 0;
  for (const LayerNorm& norm : layer_norms(config)) layer += norm.width;
  for (LinearKind kind : kAllLinears) {
    const LinearShape shape = linear_shape(config, kind);
    layer += shape.out * shape.in + (has_bias(config, kind) ? shape.out : 0);
  }
  return config.layers * layer + config.hidden + (config.tied ? 1 : 2) * config.vocabulary * config.hidden;
}

Json derived_config(const ModelConfig& config, const std::string& kind, const std::string& dtype, bool tied) {
  Json document = config.raw;
  const bool own = !config.own_kind.empty();
  Json architectures = Json::array({std::string(config.family->architecture)});
  if (own && document["rolora"].contains("architectures")) architectures = document["rolora"]["architectures"];
  document["rolora"] = {{"format", kOwnFormat}, {"kind", kind}, {"model_type", config.model_type}, {"architectures", architectures}};
  set_tuned_mark(document, tuned_mark(config));
  document["model_type"] = std::string(kOwnPrefix) + config.model_type;
  document["architectures"] = Json::array({"Rolora" + std::string(config.family->architecture)});
  describe_weights(document, dtype, tied);
  return document;
}

Json plain_config(const ModelConfig& config, const std::string& dtype, bool tied) {
  Json document = config.raw;
  if (!config.own_kind.empty()) {
    document["model_type"] = config.model_type;
    document["architectures"] = document["rolora"].contains("architectures") ? document["rolora"]["architectures"]
                                                                             : Json::array({std::string(config.family->architecture)});
  }
  document.erase("rolora");
  set_tuned_mark(document, tuned_mark(config));
  describe_weights(document, dtype, tied);
  return document;
}

void describe_weights(Json& document, const std::string& dtype, bool tied) {
  document["tie_word_embeddings"] = tied;
  if (document.contains("dtype")) document["dtype"] = dtype;
  if (document.contains("torch_dtype") || !document.contains("dtype")) document["torch_dtype"] = dtype;
}

}  // namespace rolora
