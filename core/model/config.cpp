// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/config.h"

#include <array>
#include <initializer_list>

#include "core/base/error.h"
#include "core/model/tuned.h"

namespace rolora {
namespace {

constexpr int64_t kMostWidth = int64_t{1} << 28;  // products of two widths times 8 bytes stay below 2^63
constexpr int64_t kMostContext = int64_t{1} << 31;
constexpr int64_t kMostLayers = 10000;
constexpr int kOwnFormat = 1;
constexpr std::string_view kOwnPrefix = "rolora_";

std::string supported_types() {
  std::string list;
  for (const FamilyDescription& family : families()) list += (list.empty() ? "" : ", ") + std::string(family.model_type);
  return list;
}

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

void read_type(const JsonObject& json, ModelConfig& config) {
  config.model_type = json.string("model_type");
  const bool derived = config.model_type.starts_with(kOwnPrefix);
  if (derived || json.has("rolora")) read_own_block(json.object("rolora"), derived, config);
  if (!derived && json.has("quantization_config")) {
    json.refuse("quantization_config", "a floating-point checkpoint", "a checkpoint quantized by another program");
  }
  config.family = find_family(config.model_type);
  if (!config.family) json.refuse("model_type", "one of " + supported_types(), printable(config.model_type));
}

void read_sizes(const JsonObject& json, ModelConfig& c) {
  c.hidden = json.integer("hidden_size", 1, kMostWidth);
  c.intermediate = json.integer("intermediate_size", 1, kMostWidth);
  c.vocabulary = json.integer("vocab_size", 1, kMostWidth);
  c.layers = json.integer("num_hidden_layers", 1, kMostLayers);
  c.heads = json.integer("num_attention_heads", 1, kMostWidth);
  c.kv_heads = json.integer_or("num_key_value_heads", c.heads, 1, kMostWidth);
  c.context = json.integer_or("max_position_embeddings", c.family->default_context, 1, kMostContext);
  if (c.heads % c.kv_heads != 0) {
    json.refuse("num_key_value_heads", "a divisor of num_attention_heads " + std::to_string(c.heads), std::to_string(c.kv_heads));
  }
  if (json.has("head_dim")) {
    c.head_dim = json.integer("head_dim", 1, kMostWidth);
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
  if (activation != "silu") json.refuse("hidden_act", "silu", printable(activation));
  c.rms_epsilon = json.number_or("rms_norm_eps", c.family->default_rms_epsilon);
  if (!(c.rms_epsilon > 0 && c.rms_epsilon < 1)) json.refuse("rms_norm_eps", "a number in (0, 1)", json.raw("rms_norm_eps").dump());
  c.tied = json.boolean_or("tie_word_embeddings", c.family->default_tied);
  c.attention_bias = c.family->attention_bias_key && json.boolean_or("attention_bias", false);
  c.mlp_bias = c.family->mlp_bias_key && json.boolean_or("mlp_bias", false);
  c.qkv_bias = c.family->qkv_bias;
  if (json.number_or("partial_rotary_factor", 1.0) != 1.0) {
    json.refuse("partial_rotary_factor", "1 (the whole head is rotated)", json.raw("partial_rotary_factor").dump());
  }
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
    c.eos = {c.family->default_eos};
  } else if (json.has("eos_token_id")) {
    const Json& value = json.raw("eos_token_id");
    for (const Json& one : value.is_array() ? value : Json::array({value})) {
      if (const auto id = token_id(json, "eos_token_id", one)) c.eos.push_back(*id);
    }
  }
}

RopeKind rope_kind(const JsonObject& rope) {
  const std::string key = rope.has("rope_type") || !rope.has("type") ? "rope_type" : "type";
  if (!rope.has(key) && rope.has("factor")) rope.refuse(key, "a kind of scaling beside factor", "none");
  const std::string name = rope.string_or(key, "default");
  for (RopeKind kind : {RopeKind::plain, RopeKind::llama3, RopeKind::linear, RopeKind::dynamic}) {
    if (name == name_of(kind)) return kind;
  }
  rope.refuse(key, "default, llama3, linear or dynamic", printable(name));
}

void read_scaling(const JsonObject& json, const JsonObject& rope, ModelConfig& c) {
  c.rope.kind = rope_kind(rope);
  if (rope.has("rope_theta")) c.rope.theta = rope.number("rope_theta", 1e-6, 1e30);
  if (rope.number_or("partial_rotary_factor", 1.0) != 1.0) {
    rope.refuse("partial_rotary_factor", "1 (the whole head is rotated)", rope.raw("partial_rotary_factor").dump());
  }
  if (c.rope.kind == RopeKind::plain) return;
  c.rope.factor = rope.number("factor", 1.0, 1e9);
  if (c.rope.kind == RopeKind::dynamic && c.head_dim <= 2) json.refuse("head_dim", "more than 2 for dynamic scaling", "2");
  if (c.rope.kind != RopeKind::llama3) return;
  c.rope.low_freq_factor = rope.number("low_freq_factor", 1e-9, 1e9);
  c.rope.high_freq_factor = rope.number("high_freq_factor", 1e-9, 1e9);
  if (!(c.rope.low_freq_factor < c.rope.high_freq_factor)) {
    rope.refuse("high_freq_factor", "more than low_freq_factor", rope.raw("high_freq_factor").dump());
  }
  c.rope.original_context = rope.integer_or("original_max_position_embeddings", c.context, 1, kMostContext);
  c.rope.original_context = json.integer_or("original_max_position_embeddings", c.rope.original_context, 1, kMostContext);
}

// transformers 5 writes rope_parameters; older files rope_theta and rope_scaling, which wins where both stand.
void read_rope(const JsonObject& json, ModelConfig& c) {
  c.rope.theta = json.has("rope_theta") ? json.number("rope_theta", 1e-6, 1e30) : c.family->default_theta;
  for (const char* key : {"rope_scaling", "rope_parameters"}) {
    if (!json.has(key) || (json.raw(key).is_object() && json.raw(key).empty())) continue;
    read_scaling(json, json.object(key), c);
    return;
  }
}

}  // namespace

std::string_view name_of(RopeKind kind) {
  constexpr std::array<std::string_view, 4> names = {"default", "llama3", "linear", "dynamic"};
  return names[static_cast<size_t>(kind)];
}

ModelConfig parse_model_config(const Json& document, const std::string& file) {
  const JsonObject json(document, file);
  ModelConfig config;
  config.raw = document;
  read_type(json, config);
  read_sizes(json, config);
  read_options(json, config);
  read_special_tokens(json, document, config);
  read_rope(json, config);
  return config;
}

ModelConfig read_model_config(const std::filesystem::path& folder) {
  if (!std::filesystem::is_directory(folder)) {
    throw InputError(folder.string(), "MODEL", "a model folder", std::filesystem::exists(folder) ? "a file" : "no such folder");
  }
  const std::filesystem::path file = folder / "config.json";
  return parse_model_config(read_json_file(file), file.string());
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

int64_t parameter_count(const ModelConfig& config) {
  int64_t layer = 2 * config.hidden;
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
  document["tie_word_embeddings"] = tied;
  if (document.contains("dtype")) document["dtype"] = dtype;
  if (document.contains("torch_dtype") || !document.contains("dtype")) document["torch_dtype"] = dtype;
  return document;
}

}  // namespace rolora
