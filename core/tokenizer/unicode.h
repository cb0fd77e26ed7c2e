// SPDX-License-Identifier: GPL-3.0-or-later
// Questions about characters that tokenizers ask, answered by ICU and, where the reference library's tables are older or younger, as it
// does.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace rolora {

bool is_white_space(char32_t c);  ///< property White_Space
bool is_word(char32_t c);         ///< \w of UTS 18: Alphabetic, M, Nd, Pc, Join_Control
bool is_numeric(char32_t c);      ///< Nd, Nl, No
bool is_punctuation(char32_t c);  ///< P*, or an ASCII punctuation mark (which covers ASCII symbols)

enum class NormalForm { nfc, nfd, nfkc, nfkd };
std::string normal_form(std::string_view text, NormalForm form);
/// Character by character (no context rules such as the final sigma).
std::string lower_case(std::string_view text);
/// Byte positions behind each extended grapheme cluster (UAX 29).
std::vector<size_t> grapheme_ends(std::string_view text);

}  // namespace rolora
