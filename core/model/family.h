// SPDX-License-Identifier: GPL-3.0-or-later
// A family of models is data: which names its tensors have and which options it uses. Adding one is one file in families/ and one test;
// families/README.md says how.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "core/base/index.h"

namespace rolora {

enum class LinearKind { q, k, v, o, gate, up, down };
inline constexpr int kLinearKinds = 7;
inline constexpr std::array<LinearKind, kLinearKinds> kAllLinears = {LinearKind::q,    LinearKind::k,  LinearKind::v,   LinearKind::o,
                                                                     LinearKind::gate, LinearKind::up, LinearKind::down};
/// "q_proj", "down_proj": the name adapters use for their targets.
std::string_view target_name(LinearKind kind);

/// Linears that checkpoints store as the rows of one tensor: `count` kinds from `first` on, in the order of kAllLinears.
struct FusedLinears {
  std::string_view name;  // after the layer prefix, "self_attn.qkv_proj"
  LinearKind first = LinearKind::q;
  int count = 0;
};

enum class RopeKind { plain, llama3, linear, dynamic, longrope };
std::string_view name_of(RopeKind kind);  ///< "default", "llama3", "linear", "dynamic", "longrope", as config.json writes it
inline constexpr std::array kEveryRope = {RopeKind::plain, RopeKind::llama3, RopeKind::linear, RopeKind::dynamic, RopeKind::longrope};

/// Which layers see only their last `sliding_window` keys.
enum class WindowRule {
  none,         ///< sliding_window is not read
  every_layer,  ///< all layers, when sliding_window is a number
  by_layer      ///< with use_sliding_window: those that layer_types names, or else those from max_window_layers on
};

/// What stands here is what most families have in common; a family names what differs.
struct FamilyDescription {
  std::string_view name;          // "LLaMA"
  std::string_view members;       // what else goes by this model_type, for messages
  std::string_view model_type;    // config.json's model_type
  std::string_view architecture;  // config.json's architectures[0]
  // Tensor names; those of a layer stand after layer_prefix and the layer's number.
  std::string_view embedding = "model.embed_tokens.weight", head = "lm_head.weight", final_norm = "model.norm.weight";
  std::string_view layer_prefix = "model.layers.";
  std::string_view input_norm = "input_layernorm.weight", post_attention_norm = "post_attention_layernorm.weight";
  std::string_view q_norm = "", k_norm = "";  // of each head before RoPE; empty: none
  std::array<std::string_view, kLinearKinds> linears = {"self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj", "self_attn.o_proj",
                                                        "mlp.gate_proj",    "mlp.up_proj",      "mlp.down_proj"};  // by LinearKind
  std::span<const FusedLinears> fused = {};                  // those of `linears` that files hold as one tensor
  std::string_view ignored_suffix = ".rotary_emb.inv_freq";  // buffers that old checkpoints store and nobody reads
  // Which keys of config.json are read.
  bool attention_bias_key = false, mlp_bias_key = false;  // may config.json switch biases on?
  bool qkv_bias = false;                                  // q, k and v always carry biases
  bool partial_rotary_key = false;                        // may only a part of each head be turned?
  std::span<const RopeKind> rope_kinds = kEveryRope;
  bool old_longrope_names = false;       // "su" and "yarn" mean longrope
  bool longrope_restarts_cache = false;  // generation computes the cache anew where it passes from short to long factors
  WindowRule window = WindowRule::none;
  // What config.json means when it leaves a key out (transformers' configuration class).
  bool default_tied = false;
  double default_rms_epsilon = 1e-6, default_theta = 10000.0;
  int64_t default_context = 2048, default_original_context = 0;  // 0: the context
  int64_t default_kv_heads = 0;                                  // 0: as many as query heads
  int64_t default_head_dim = 0;                                  // 0: hidden / heads
  int64_t default_window = 4096, default_full_layers = 28;       // sliding_window, max_window_layers
  std::optional<int64_t> default_bos = 1, default_eos = 2;
};

/// Every file of families/, in the order of their names.
std::span<const FamilyDescription* const> families();
/// nullptr when no family has this model_type.
const FamilyDescription* find_family(std::string_view model_type);
/// "llama (LLaMA: …), mistral (Mistral: …)", for messages.
std::string supported_families();

/// "model.layers.0.mlp.down_proj": the tensor's name without ".weight".
std::string linear_name(const FamilyDescription& family, LayerIndex layer, LinearKind kind);
std::string layer_tensor(const FamilyDescription& family, LayerIndex layer, std::string_view tail);
/// The tensor that holds this linear together with others; nullptr when it has one of its own.
const FusedLinears* fused_with(const FamilyDescription& family, LinearKind kind);

}  // namespace rolora
