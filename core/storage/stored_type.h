// SPDX-License-Identifier: GPL-3.0-or-later
// Types of stored values, by the names that safetensors gives them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace rolora {

enum class StoredType { F64, F32, F16, BF16, I64, I32, I16, I8, U8, BOOL };
size_t bytes_of(StoredType type);
std::string_view name_of(StoredType type);                     ///< as the container writes it, "BF16"
std::optional<StoredType> stored_type(std::string_view name);  ///< none for a type this program does not read
/// Elements times the type's bytes; none when a side is negative or the product (zeros left out) does not fit int64.
std::optional<uint64_t> stored_bytes(StoredType type, const std::vector<int64_t>& shape);

}  // namespace rolora
