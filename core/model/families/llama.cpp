// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/family.h"

namespace rolora::described {

extern const FamilyDescription llama;
constinit const FamilyDescription llama = {
    .name = "LLaMA",
    .members = "LLaMA 1 to 3.2, Vicuna, TinyLlama, SmolLM2",
    .model_type = "llama",
    .architecture = "LlamaForCausalLM",
    .attention_bias_key = true,
    .mlp_bias_key = true,
};

}  // namespace rolora::described
