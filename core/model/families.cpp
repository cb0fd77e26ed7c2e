// SPDX-License-Identifier: GPL-3.0-or-later
#include <string>

#include "core/model/family.h"

namespace rolora {

std::string_view target_name(LinearKind kind) {
  constexpr std::array<std::string_view, kLinearKinds> names = {"q_proj",    "k_proj",  "v_proj",   "o_proj",
                                                                "gate_proj", "up_proj", "down_proj"};
  return names[static_cast<size_t>(kind)];
}

const FamilyDescription* find_family(std::string_view model_type) {
  for (const FamilyDescription* family : families()) {
    if (family->model_type == model_type) return family;
  }
  return nullptr;
}

std::string supported_families() {
  std::string list;
  for (const FamilyDescription* family : families()) {
    list += (list.empty() ? "" : ", ") + std::string(family->model_type) + " (" + std::string(family->members) + ")";
  }
  return list;
}

std::string layer_tensor(const FamilyDescription& family, LayerIndex layer, std::string_view tail) {
  return std::string(family.layer_prefix) + std::to_string(layer.value) + "." + std::string(tail);
}

std::string linear_name(const FamilyDescription& family, LayerIndex layer, LinearKind kind) {
  return layer_tensor(family, layer, family.linears[static_cast<size_t>(kind)]);
}

const FusedLinears* fused_with(const FamilyDescription& family, LinearKind kind) {
  for (const FusedLinears& fused : family.fused) {
    const int behind = static_cast<int>(kind) - static_cast<int>(fused.first);
    if (behind >= 0 && behind < fused.count) return &fused;
  }
  return nullptr;
}

}  // namespace rolora
