// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/family.h"

namespace rolora::described {

extern const FamilyDescription mistral;
constinit const FamilyDescription mistral = {
    .name = "Mistral",
    .members = "Mistral 7B, Mistral NeMo",
    .model_type = "mistral",
    .architecture = "MistralForCausalLM",
    .window = WindowRule::every_layer,
    .default_context = 131072,
    .default_kv_heads = 8,
};

}  // namespace rolora::described
