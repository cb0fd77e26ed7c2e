// SPDX-License-Identifier: GPL-3.0-or-later
// A family of models is data: which names its tensors have and which options it uses. Adding one is one entry in families.cpp and one test.
#pragma once

#include <array>
#include <cstdint>
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

struct FamilyDescription {
  std::string_view name;                                  // "LLaMA"
  std::string_view model_type;                            // config.json's model_type
  std::string_view architecture;                          // config.json's architectures[0]
  std::string_view embedding, head, final_norm;           // tensor names
  std::string_view layer_prefix;                          // "model.layers."
  std::string_view input_norm, post_attention_norm;       // after the layer prefix
  std::array<std::string_view, kLinearKinds> linears;     // "self_attn.q_proj", indexed by LinearKind
  std::string_view ignored_suffix;                        // buffers that old checkpoints store and nobody reads
  bool attention_bias_key = false, mlp_bias_key = false;  // may config.json switch biases on?
  bool qkv_bias = false;                                  // q, k and v always carry biases
  // What config.json means when it leaves a key out (transformers' configuration class).
  bool default_tied = false;
  double default_rms_epsilon = 1e-6, default_theta = 10000.0;
  int64_t default_context = 2048, default_bos = 1, default_eos = 2;
};

std::span<const FamilyDescription> families();
/// nullptr when no family has this model_type.
const FamilyDescription* find_family(std::string_view model_type);

/// "model.layers.0.mlp.down_proj": the tensor's name without ".weight".
std::string linear_name(const FamilyDescription& family, LayerIndex layer, LinearKind kind);
std::string layer_tensor(const FamilyDescription& family, LayerIndex layer, std::string_view tail);

}  // namespace rolora
