// SPDX-License-Identifier: GPL-3.0-or-later
// UTF-8 as the tokenizer's components see it: always valid, because what comes from outside is made valid first.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace rolora {

/// The code point at `position` of a valid text; moves `position` behind it.
char32_t next_code_point(std::string_view text, size_t& position);
void append_utf8(std::string& text, char32_t code_point);
/// Bytes of the character that starts at `position` of a valid text.
size_t character_length(std::string_view text, size_t position);
/// The first position from `position` on where a character begins, or the end of the text.
size_t next_boundary(std::string_view text, size_t position);

bool is_valid_utf8(std::string_view text);
/// Each maximal subpart of an ill-formed sequence becomes one U+FFFD (Unicode standard, section 3.9; what Python's errors="replace" and
/// Rust's from_utf8_lossy do).
std::string replace_invalid_utf8(std::string_view text);

}  // namespace rolora
