// SPDX-License-Identifier: GPL-3.0-or-later
// The JSON header of a safetensors file, checked against the size of the data it describes; private to storage.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "core/storage/safetensors.h"

namespace rolora {

inline constexpr uint64_t kMostHeaderBytes = 100'000'000;  // the format's own limit

struct SafetensorsHeader {
  std::map<std::string, TensorEntry> tensors;
  std::map<std::string, std::string> metadata;
};

/// Parses and validates; `data_bytes` is what follows the header in the file. InputError(file, tensor name or "header", …).
SafetensorsHeader read_safetensors_header(std::string_view text, uint64_t data_bytes, const std::string& file);

}  // namespace rolora
