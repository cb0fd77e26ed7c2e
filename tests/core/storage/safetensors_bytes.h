// SPDX-License-Identifier: GPL-3.0-or-later
// A safetensors file laid out by hand, independent of the code under test.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace rolora::testing {

inline std::string little_endian(uint64_t value, int bytes) {
  std::string out;
  for (int i = 0; i < bytes; ++i) out += static_cast<char>(value >> (8 * i) & 0xFF);
  return out;
}

inline std::string container(std::string_view header, std::string_view data) {
  return little_endian(header.size(), 8) + std::string(header) + std::string(data);
}

}  // namespace rolora::testing
