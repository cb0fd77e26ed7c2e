// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/family.h"

namespace rolora::described {
namespace {

constexpr std::array kFused = {FusedLinears{"self_attn.qkv_proj", LinearKind::q, 3}, FusedLinears{"mlp.gate_up_proj", LinearKind::gate, 2}};
constexpr std::array kRopeKinds = {RopeKind::plain, RopeKind::longrope};  // others are refused by transformers, too

}  // namespace

extern const FamilyDescription phi3;
constinit const FamilyDescription phi3 = {
    .name = "Phi-3",
    .members = "Phi-3 mini and medium, Phi-3.5 mini, Phi-4, Phi-4 mini",
    .model_type = "phi3",
    .architecture = "Phi3ForCausalLM",
    .fused = kFused,
    .partial_rotary_key = true,
    .rope_kinds = kRopeKinds,
    .old_longrope_names = true,
    .longrope_restarts_cache = true,
    .window = WindowRule::every_layer,
    .default_rms_epsilon = 1e-5,
    .default_context = 4096,
    .default_original_context = 4096,
    .default_window = 0,
    .default_eos = 32000,
};

}  // namespace rolora::described
