// SPDX-License-Identifier: GPL-3.0-or-later
// Characters that Unicode 15 and 16 added: Debian 12's PCRE2 (Unicode 14) and ICU (Unicode 15) do not know them, the reference library
// does.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace rolora {

/// A character that older tables know, with the same general category (for Han letters: also the same script) and as many bytes of UTF-8;
/// the character itself when it is not new.
char32_t stand_in(char32_t c);
/// The text with stand-ins, byte offsets unchanged; nothing when it has no new character.
std::optional<std::string> with_stand_ins(std::string_view text);

}  // namespace rolora
