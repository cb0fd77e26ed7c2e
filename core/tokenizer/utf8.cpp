// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tokenizer/utf8.h"

#include <cstdint>

namespace rolora {
namespace {

struct Sequence {
  size_t length;  ///< bytes of the character, or of the maximal ill-formed subpart
  bool valid;
};

// Well-formed sequences (Unicode standard, table 3-7): only the second byte's range depends on the first byte.
Sequence sequence_at(std::string_view text, size_t position) {
  const auto byte = [&](size_t i) { return static_cast<uint8_t>(text[position + i]); };
  const uint8_t lead = byte(0);
  if (lead < 0x80) return {1, true};
  size_t length = 0;
  uint8_t low = 0x80, high = 0xBF;
  if (lead >= 0xC2 && lead <= 0xDF) {
    length = 2;
  } else if (lead >= 0xE0 && lead <= 0xEF) {
    length = 3;
    if (lead == 0xE0) low = 0xA0;
    if (lead == 0xED) high = 0x9F;
  } else if (lead >= 0xF0 && lead <= 0xF4) {
    length = 4;
    if (lead == 0xF0) low = 0x90;
    if (lead == 0xF4) high = 0x8F;
  } else {
    return {1, false};
  }
  for (size_t i = 1; i < length; ++i) {
    if (position + i >= text.size() || byte(i) < low || byte(i) > high) return {i, false};
    low = 0x80;
    high = 0xBF;
  }
  return {length, true};
}

}  // namespace

size_t character_length(std::string_view text, size_t position) {
  const auto lead = static_cast<uint8_t>(text[position]);
  return lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
}

size_t next_boundary(std::string_view text, size_t position) {
  while (position < text.size() && (static_cast<uint8_t>(text[position]) & 0xC0) == 0x80) ++position;
  return position;
}

char32_t next_code_point(std::string_view text, size_t& position) {
  const size_t length = character_length(text, position);
  const auto lead = static_cast<uint8_t>(text[position]);
  char32_t code = length == 1 ? lead : lead & (0x7F >> length);
  for (size_t i = 1; i < length; ++i) code = (code << 6) | (static_cast<uint8_t>(text[position + i]) & 0x3F);
  position += length;
  return code;
}

void append_utf8(std::string& text, char32_t code_point) {
  const auto add = [&](uint32_t byte) { text += static_cast<char>(byte); };
  if (code_point < 0x80) {
    add(code_point);
  } else if (code_point < 0x800) {
    add(0xC0 | (code_point >> 6));
    add(0x80 | (code_point & 0x3F));
  } else if (code_point < 0x10000) {
    add(0xE0 | (code_point >> 12));
    add(0x80 | ((code_point >> 6) & 0x3F));
    add(0x80 | (code_point & 0x3F));
  } else {
    add(0xF0 | (code_point >> 18));
    add(0x80 | ((code_point >> 12) & 0x3F));
    add(0x80 | ((code_point >> 6) & 0x3F));
    add(0x80 | (code_point & 0x3F));
  }
}

bool is_valid_utf8(std::string_view text) {
  for (size_t position = 0; position < text.size();) {
    const Sequence sequence = sequence_at(text, position);
    if (!sequence.valid) return false;
    position += sequence.length;
  }
  return true;
}

std::string replace_invalid_utf8(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (size_t position = 0; position < text.size();) {
    const Sequence sequence = sequence_at(text, position);
    if (sequence.valid) {
      out += text.substr(position, sequence.length);
    } else {
      out += "\xEF\xBF\xBD";
    }
    position += sequence.length;
  }
  return out;
}

}  // namespace rolora
