// SPDX-License-Identifier: GPL-3.0-or-later
// The three spellings of an element type: the container's, LibTorch's and config.json's.
#include <array>

#include "core/base/error.h"
#include "core/model/tensor_store.h"

namespace rolora {
namespace {

struct TypeName {
  StoredType stored;
  at::ScalarType torch;
  const char* name;
};

constexpr std::array kTypes = {
    TypeName{StoredType::F32, at::kFloat, "float32"}, TypeName{StoredType::BF16, at::kBFloat16, "bfloat16"},
    TypeName{StoredType::F16, at::kHalf, "float16"},  TypeName{StoredType::F64, at::kDouble, "float64"},
    TypeName{StoredType::I64, at::kLong, "int64"},    TypeName{StoredType::I32, at::kInt, "int32"},
    TypeName{StoredType::I16, at::kShort, "int16"},   TypeName{StoredType::I8, at::kChar, "int8"},
    TypeName{StoredType::U8, at::kByte, "uint8"},     TypeName{StoredType::BOOL, at::kBool, "bool"},
};

}  // namespace

at::ScalarType torch_type(StoredType type) {
  for (const TypeName& t : kTypes) {
    if (t.stored == type) return t.torch;
  }
  throw Error("element type without a LibTorch counterpart");
}

StoredType stored_type(at::ScalarType type) {
  for (const TypeName& t : kTypes) {
    if (t.torch == type) return t.stored;
  }
  throw Error("element type that safetensors files do not hold here");
}

at::ScalarType parse_dtype(const std::string& text, const std::string& key) {
  for (const TypeName& t : kTypes) {
    if (text == t.name && c10::isFloatingType(t.torch)) return t.torch;
  }
  throw InputError(key, "dtype", "float32, bfloat16, float16 or float64", printable(text));
}

std::string dtype_name(at::ScalarType type) {
  for (const TypeName& t : kTypes) {
    if (t.torch == type) return t.name;
  }
  throw Error("element type without a name here");
}

std::span<const std::byte> bytes_of_tensor(const at::Tensor& tensor) {
  if (!tensor.is_contiguous() || !tensor.device().is_cpu()) throw Error("bytes of a tensor that is not contiguous in CPU memory");
  return {static_cast<const std::byte*>(tensor.const_data_ptr()), static_cast<size_t>(tensor.nbytes())};
}

std::string shape_text(const std::vector<int64_t>& shape) {
  std::string text = "[";
  for (size_t i = 0; i < shape.size(); ++i) text += (i ? ", " : "") + std::to_string(shape[i]);
  return text + "]";
}

}  // namespace rolora
