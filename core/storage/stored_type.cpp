// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <array>
#include <utility>

#include "core/base/error.h"
#include "core/storage/tensor_file.h"

namespace rolora {
namespace {

struct TypeFact {
  StoredType type;
  std::string_view name;
  size_t bytes;
};

constexpr std::array<TypeFact, 10> kTypes = {{{StoredType::F64, "F64", 8},
                                              {StoredType::F32, "F32", 4},
                                              {StoredType::F16, "F16", 2},
                                              {StoredType::BF16, "BF16", 2},
                                              {StoredType::I64, "I64", 8},
                                              {StoredType::I32, "I32", 4},
                                              {StoredType::I16, "I16", 2},
                                              {StoredType::I8, "I8", 1},
                                              {StoredType::U8, "U8", 1},
                                              {StoredType::BOOL, "BOOL", 1}}};

const TypeFact& fact(StoredType type) {
  const auto found = std::find_if(kTypes.begin(), kTypes.end(), [&](const TypeFact& t) { return t.type == type; });
  if (found == kTypes.end()) throw Error("a stored type without a name");
  return *found;
}

}  // namespace

size_t bytes_of(StoredType type) { return fact(type).bytes; }
std::string_view name_of(StoredType type) { return fact(type).name; }

std::optional<StoredType> stored_type(std::string_view name) {
  for (const TypeFact& t : kTypes) {
    if (t.name == name) return t.type;
  }
  return std::nullopt;
}

int64_t TensorEntry::elements() const {
  int64_t product = 1;
  for (const int64_t side : shape) product *= side;
  return product;
}

std::optional<uint64_t> stored_bytes(StoredType type, const std::vector<int64_t>& shape) {
  uint64_t product = bytes_of(type);
  bool empty = false;
  for (const int64_t side : shape) {
    if (side < 0) return std::nullopt;
    empty = empty || side == 0;
    // A zero elsewhere must not hide sides that no program can multiply.
    if (side != 0 && __builtin_mul_overflow(product, static_cast<uint64_t>(side), &product)) return std::nullopt;
    if (product > static_cast<uint64_t>(INT64_MAX)) return std::nullopt;
  }
  return empty ? 0 : product;
}

}  // namespace rolora
