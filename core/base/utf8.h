// SPDX-License-Identifier: GPL-3.0-or-later
// Text from outside is not always UTF-8; what is printed, or stored where UTF-8 is promised, has to be.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace rolora {

/// One step through a text: the bytes that belong together at its front, and whether they are one whole character.
struct Utf8Step {
  size_t bytes;  ///< of the character, or of the maximal ill-formed part (Unicode 15, section 3.9); 0 for an empty text
  bool whole;
};
Utf8Step utf8_step(std::string_view text);

/// The text with each maximal ill-formed part replaced by U+FFFD.
std::string well_formed_utf8(std::string_view text);

}  // namespace rolora
