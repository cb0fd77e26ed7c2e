// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tokenizer/byte_level.h"

#include <array>
#include <cstdint>

#include "core/tokenizer/utf8.h"

namespace rolora {
namespace {

constexpr char32_t kShift = 0x100;     // bytes that are not printable get the code points from here on, in their order
constexpr size_t kCharacters = 0x144;  // 0x100 + 68 such bytes

constexpr bool prints_itself(int byte) { return (byte >= 0x21 && byte <= 0x7E) || (byte >= 0xA1 && byte <= 0xFF && byte != 0xAD); }

constexpr std::array<char32_t, 256> kCharacterOf = [] {
  std::array<char32_t, 256> table{};
  char32_t next = kShift;
  for (int byte = 0; byte < 256; ++byte) table[static_cast<size_t>(byte)] = prints_itself(byte) ? static_cast<char32_t>(byte) : next++;
  return table;
}();

constexpr std::array<int16_t, kCharacters> kByteOf = [] {
  std::array<int16_t, kCharacters> table{};
  table.fill(-1);
  for (size_t byte = 0; byte < 256; ++byte) table[kCharacterOf[byte]] = static_cast<int16_t>(byte);
  return table;
}();

}  // namespace

std::string to_byte_level(std::string_view bytes) {
  std::string out;
  out.reserve(bytes.size() * 2);
  for (const char byte : bytes) append_utf8(out, kCharacterOf[static_cast<uint8_t>(byte)]);
  return out;
}

std::optional<std::string> from_byte_level(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (size_t position = 0; position < text.size();) {
    const char32_t c = next_code_point(text, position);
    if (c >= kCharacters || kByteOf[c] < 0) return std::nullopt;
    out += static_cast<char>(kByteOf[c]);
  }
  return out;
}

}  // namespace rolora
