// SPDX-License-Identifier: GPL-3.0-or-later
// GPT-2's byte-level alphabet: every byte has one printable character, so that a vocabulary of strings can hold any bytes.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace rolora {

/// Each byte as its character.
std::string to_byte_level(std::string_view bytes);
/// The bytes behind a text of such characters; nothing when one of its characters stands for no byte.
std::optional<std::string> from_byte_level(std::string_view text);

}  // namespace rolora
