// SPDX-License-Identifier: GPL-3.0-or-later
// The places of the forward pass that statistics speak of, by name. What a model does there is in core/model/sites.h.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/index.h"

namespace rolora {

enum class SiteKind { qkv_in, o_in, gate_up_in, down_in, q_out, k_out, v_out, residual_in };
inline constexpr std::array<SiteKind, 7> kReportedSites = {SiteKind::residual_in, SiteKind::qkv_in,     SiteKind::k_out,  SiteKind::v_out,
                                                           SiteKind::o_in,        SiteKind::gate_up_in, SiteKind::down_in};
std::string_view name_of(SiteKind kind);                 ///< "qkv_in"
std::string site_name(LayerIndex layer, SiteKind kind);  ///< "layers.0.qkv_in"
/// The other way; nothing for a name that is no site.
std::optional<SiteKind> site_of_name(std::string_view name);

}  // namespace rolora
