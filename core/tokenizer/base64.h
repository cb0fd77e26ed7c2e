// SPDX-License-Identifier: GPL-3.0-or-later
// Base64 (RFC 4648, section 4), as tokenizer files carry bytes.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace rolora {

/// The bytes; nothing when the text is not whole groups of four with padding only at the end.
std::optional<std::string> from_base64(std::string_view text);

}  // namespace rolora
