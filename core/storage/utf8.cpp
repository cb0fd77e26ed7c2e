// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/storage/utf8.h"

#include <cstdint>

namespace rolora {
namespace {

// What may follow a lead byte: how many bytes, and the narrower range of the first of them (Unicode, table 3-7).
struct Lead {
  int following;
  uint8_t least, most;
};

Lead lead_of(uint8_t byte) {
  if (byte >= 0xC2 && byte <= 0xDF) return {1, 0x80, 0xBF};
  if (byte == 0xE0) return {2, 0xA0, 0xBF};
  if (byte == 0xED) return {2, 0x80, 0x9F};
  if (byte >= 0xE1 && byte <= 0xEF) return {2, 0x80, 0xBF};
  if (byte == 0xF0) return {3, 0x90, 0xBF};
  if (byte >= 0xF1 && byte <= 0xF3) return {3, 0x80, 0xBF};
  if (byte == 0xF4) return {3, 0x80, 0x8F};
  return {0, 0, 0};
}

}  // namespace

std::string storable_utf8(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (size_t i = 0; i < text.size();) {
    const auto byte = static_cast<uint8_t>(text[i]);
    if (byte < 0x80) {
      out += byte == 0 ? std::string("\u2400") : std::string(1, text[i]);
      ++i;
      continue;
    }
    const Lead lead = lead_of(byte);
    size_t used = 1;
    for (int k = 0; k < lead.following && i + used < text.size(); ++k) {
      const auto next = static_cast<uint8_t>(text[i + used]);
      if (next < (k == 0 ? lead.least : 0x80) || next > (k == 0 ? lead.most : 0xBF)) break;
      ++used;
    }
    const bool whole = lead.following > 0 && used == static_cast<size_t>(lead.following) + 1;
    out += whole ? std::string(text.substr(i, used)) : std::string("\uFFFD");
    i += used;
  }
  return out;
}

}  // namespace rolora
