// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/site.h"

namespace rolora {
namespace {

constexpr std::array<std::string_view, 8> kNames = {"qkv_in", "o_in", "gate_up_in", "down_in", "q_out", "k_out", "v_out", "residual_in"};

}  // namespace

std::string_view name_of(SiteKind kind) { return kNames[static_cast<size_t>(kind)]; }

std::string site_name(LayerIndex layer, SiteKind kind) {
  return "layers." + std::to_string(layer.value) + "." + std::string(name_of(kind));
}

std::optional<SiteKind> site_of_name(std::string_view name) {
  for (size_t i = 0; i < kNames.size(); ++i) {
    if (kNames[i] == name) return static_cast<SiteKind>(i);
  }
  return std::nullopt;
}

}  // namespace rolora
