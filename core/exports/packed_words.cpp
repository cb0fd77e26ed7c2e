// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/exports/packed_words.h"

#include <ATen/Functions.h>

#include "core/base/error.h"

namespace rolora {

at::Tensor pack_words(const at::Tensor& values, int bits) {
  const at::Tensor bytes = values.to(at::kByte).contiguous();
  const int64_t rows = bytes.size(0), n = bytes.size(1), words = (n * bits + 31) / 32;
  at::Tensor packed = at::zeros({rows, words}, at::kInt);
  const uint8_t* in = bytes.const_data_ptr<uint8_t>();
  int32_t* out = packed.mutable_data_ptr<int32_t>();
  for (int64_t r = 0; r < rows; ++r) {
    uint64_t held = 0;
    int count = 0;
    int32_t* word = out + r * words;
    for (int64_t i = 0; i < n; ++i) {
      held |= uint64_t{in[r * n + i]} << count;
      count += bits;
      if (count < 32) continue;
      *word++ = static_cast<int32_t>(static_cast<uint32_t>(held));
      held >>= 32;
      count -= 32;
    }
    if (count > 0) *word = static_cast<int32_t>(static_cast<uint32_t>(held));
  }
  return packed;
}

at::Tensor unpack_words(const at::Tensor& words, int bits, int64_t n) {
  if (words.scalar_type() != at::kInt || words.dim() != 2 || words.size(1) != (n * bits + 31) / 32) {
    throw Error("unpack: expected int32 words for " + std::to_string(n) + " values a row, found another shape");
  }
  const at::Tensor position = at::arange(n, at::kLong) * bits;
  const at::Tensor first = position.div(32, "floor"), shift = position.remainder(32);
  const at::Tensor wide = words.to(at::kLong).bitwise_and(0xFFFFFFFFLL);
  const at::Tensor padded = at::constant_pad_nd(wide, {0, 1}, 0);  // a value may end in the word behind
  const at::Tensor pair = padded.index_select(1, first).bitwise_or(padded.index_select(1, first + 1).bitwise_left_shift(32));
  return pair.bitwise_right_shift(shift).bitwise_and((1 << bits) - 1).to(at::kByte);
}

}  // namespace rolora
