// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/error.h"

#include <limits>

#include "core/base/utf8.h"

namespace rolora {

namespace {

// File names and keys are foreign too: no newline in one of them may break the one line.
std::string in_line(std::string_view text) { return printable(text, std::numeric_limits<size_t>::max()); }

// C0, DEL and C1 (as UTF-8: C2 80 … C2 9F) steer terminals.
bool controls(std::string_view character) {
  const auto first = static_cast<unsigned char>(character[0]);
  if (character.size() == 1) return first < 0x20 || first == 0x7F;
  return character.size() == 2 && first == 0xC2 && static_cast<unsigned char>(character[1]) < 0xA0;
}

}  // namespace

InputError::InputError(std::string_view file, std::string_view key, std::string_view expected, std::string_view found)
    : Error(in_line(file) + ": " + in_line(key) + ": expected " + in_line(expected) + ", found " + in_line(found)),
      file_(file),
      key_(key),
      expected_(expected),
      found_(found) {}

std::string printable(std::string_view text, size_t limit) {
  std::string out;
  while (!text.empty()) {
    const Utf8Step step = utf8_step(text);
    const std::string_view character = text.substr(0, step.bytes);
    const std::string_view shown = step.whole && !controls(character) ? character : std::string_view("?");
    if (out.size() + shown.size() > limit) {
      out += "…";
      break;
    }
    out += shown;
    text.remove_prefix(step.bytes);
  }
  return out;
}

}  // namespace rolora
