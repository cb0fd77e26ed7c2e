// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/family.h"

namespace rolora::described {

extern const FamilyDescription qwen3;
constinit const FamilyDescription qwen3 = {
    .name = "Qwen3",
    .members = "Qwen3, dense",
    .model_type = "qwen3",
    .architecture = "Qwen3ForCausalLM",
    .q_norm = "self_attn.q_norm.weight",
    .k_norm = "self_attn.k_norm.weight",
    .attention_bias_key = true,
    .window = WindowRule::by_layer,
    .default_context = 32768,
    .default_kv_heads = 32,
    .default_head_dim = 128,
    .default_bos = std::nullopt,
    .default_eos = std::nullopt,
};

}  // namespace rolora::described
