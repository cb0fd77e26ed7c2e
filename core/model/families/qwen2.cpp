// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/family.h"

namespace rolora::described {

extern const FamilyDescription qwen2;
constinit const FamilyDescription qwen2 = {
    .name = "Qwen2",
    .members = "Qwen2, Qwen2.5",
    .model_type = "qwen2",
    .architecture = "Qwen2ForCausalLM",
    .qkv_bias = true,
    .window = WindowRule::by_layer,
    .default_context = 32768,
    .default_kv_heads = 32,
    .default_bos = std::nullopt,
    .default_eos = std::nullopt,
};

}  // namespace rolora::described
