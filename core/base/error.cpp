// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/error.h"

namespace rolora {

InputError::InputError(std::string_view file, std::string_view key, std::string_view expected, std::string_view found)
    : Error(std::string(file) + ": " + std::string(key) + ": expected " + std::string(expected) + ", found " + std::string(found)),
      file_(file),
      key_(key),
      expected_(expected),
      found_(found) {}

std::string printable(std::string_view text, size_t limit) {
  std::string out;
  for (unsigned char c : text) {
    if (out.size() >= limit) {
      out += "…";
      break;
    }
    if (c < 0x20 || c == 0x7f) {
      out += '?';
    } else {
      out += static_cast<char>(c);
    }
  }
  return out;
}

}  // namespace rolora
