// SPDX-License-Identifier: GPL-3.0-or-later
// Adapters of families whose files hold several linears as one tensor (Phi-3's qkv_proj and gate_up_proj): PEFT knows only an adapter of
// the whole tensor, this program one of each linear. Both ways are exact.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/finetune/adapter.h"

namespace rolora {

/// One module that PEFT sees in a layer.
struct PeftModule {
  std::string name;                     ///< "model.layers.0.self_attn.qkv_proj"
  const FusedLinears* fused = nullptr;  ///< null: a linear of its own
  std::vector<LinearKind> parts;        ///< which linears of it have an adapter, in the order of the file; one where it is not fused
  /// Of the module's matrices, over that of its parts, when each part has an A of its own.
  int64_t rank_factor() const { return fused ? static_cast<int64_t>(parts.size()) : 1; }
};

std::vector<PeftModule> peft_modules(const ModelConfig& config, LayerIndex layer, const std::vector<LinearKind>& targets);
/// Every linear that the module holds, in the order of the file: its parts and those beside them without an adapter.
std::vector<LinearKind> held_linears(const PeftModule& module);
/// What PEFT calls the module that holds this linear: "qkv_proj", or target_name() where nothing is fused.
std::string_view peft_target(const FamilyDescription& family, LinearKind kind);
/// [out, in] of the module.
LinearShape module_shape(const ModelConfig& config, const PeftModule& module);

/// The parts' A one below the other, their B on the diagonal of blocks; rows of linears without an adapter are zero.
LoraPair fuse_parts(const ModelConfig& config, const PeftModule& module, const std::vector<LoraPair>& parts);
/// Undoes fuse_parts; InputError (file, the module's lora_B) where B is not zero outside its blocks.
std::vector<LoraPair> split_blocks(const ModelConfig& config, const PeftModule& module, const LoraPair& whole, const std::string& file);
/// An adapter that was trained on the whole tensor: every linear shares its A and takes its own rows of B.
std::vector<LoraPair> split_shared(const ModelConfig& config, const PeftModule& module, const LoraPair& whole);
/// Undoes split_shared, where every linear of the module is a part and all have the first one's A.
LoraPair join_shared(const PeftModule& module, const std::vector<LoraPair>& parts);

/// The magnitudes of the module's rows, one linear's behind the other. [out]
at::Tensor fuse_magnitudes(const ModelConfig& config, LayerIndex layer, const PeftModule& module, const Adapter& adapter);
/// Undoes fuse_magnitudes: into the pairs of the parts, and `resting` for the linears beside them.
void split_magnitudes(const ModelConfig& config, LayerIndex layer, const PeftModule& module, const at::Tensor& whole, Adapter& adapter);

}  // namespace rolora
