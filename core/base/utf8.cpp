// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/utf8.h"

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

Utf8Step utf8_step(std::string_view text) {
  if (text.empty()) return {0, false};
  const auto byte = static_cast<uint8_t>(text[0]);
  if (byte < 0x80) return {1, true};
  const Lead lead = lead_of(byte);
  size_t used = 1;
  for (int k = 0; k < lead.following && used < text.size(); ++k) {
    const auto next = static_cast<uint8_t>(text[used]);
    if (next < (k == 0 ? lead.least : 0x80) || next > (k == 0 ? lead.most : 0xBF)) break;
    ++used;
  }
  return {used, lead.following > 0 && used == static_cast<size_t>(lead.following) + 1};
}

std::string well_formed_utf8(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const Utf8Step step = utf8_step(text);
    out += step.whole ? text.substr(0, step.bytes) : std::string_view("\uFFFD");
    text.remove_prefix(step.bytes);
  }
  return out;
}

}  // namespace rolora
