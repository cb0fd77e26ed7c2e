// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <string_view>

namespace rolora {

/// The text with each maximal ill-formed part (Unicode 15, section 3.9) replaced by U+FFFD and each NUL by U+2400.
std::string storable_utf8(std::string_view text);

}  // namespace rolora
