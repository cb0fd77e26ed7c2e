// SPDX-License-Identifier: GPL-3.0-or-later
#include <string>

#include "core/model/family.h"

namespace rolora {
namespace {

constexpr std::array<std::string_view, kLinearKinds> kLlamaLinears = {
    "self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj", "self_attn.o_proj", "mlp.gate_proj", "mlp.up_proj", "mlp.down_proj"};

constexpr std::array kFamilies = {
    FamilyDescription{.name = "LLaMA",
                      .model_type = "llama",
                      .architecture = "LlamaForCausalLM",
                      .embedding = "model.embed_tokens.weight",
                      .head = "lm_head.weight",
                      .final_norm = "model.norm.weight",
                      .layer_prefix = "model.layers.",
                      .input_norm = "input_layernorm.weight",
                      .post_attention_norm = "post_attention_layernorm.weight",
                      .linears = kLlamaLinears,
                      .ignored_suffix = ".rotary_emb.inv_freq",
                      .attention_bias_key = true,
                      .mlp_bias_key = true},
};

}  // namespace

std::string_view target_name(LinearKind kind) {
  constexpr std::array<std::string_view, kLinearKinds> names = {"q_proj",    "k_proj",  "v_proj",   "o_proj",
                                                                "gate_proj", "up_proj", "down_proj"};
  return names[static_cast<size_t>(kind)];
}

std::span<const FamilyDescription> families() { return kFamilies; }

const FamilyDescription* find_family(std::string_view model_type) {
  for (const FamilyDescription& family : kFamilies) {
    if (family.model_type == model_type) return &family;
  }
  return nullptr;
}

std::string layer_tensor(const FamilyDescription& family, LayerIndex layer, std::string_view tail) {
  return std::string(family.layer_prefix) + std::to_string(layer.value) + "." + std::string(tail);
}

std::string linear_name(const FamilyDescription& family, LayerIndex layer, LinearKind kind) {
  return layer_tensor(family, layer, family.linears[static_cast<size_t>(kind)]);
}

}  // namespace rolora
