// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/exports/packed_words.h"

#include <ATen/Functions.h>
#include <ATen/Parallel.h>

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
  const at::Tensor whole = words.contiguous();
  at::Tensor values = at::empty({words.size(0), n}, at::kByte);
  const int32_t* in = whole.const_data_ptr<int32_t>();
  uint8_t* out = values.mutable_data_ptr<uint8_t>();
  const int64_t a_row = words.size(1);
  const uint32_t mask = (uint32_t{1} << bits) - 1;
  at::parallel_for(0, words.size(0), 1, [&](int64_t begin, int64_t end) {
    for (int64_t r = begin; r < end; ++r) {
      const int32_t* word = in + r * a_row;
      uint64_t held = 0;
      int count = 0;
      for (int64_t i = 0; i < n; ++i) {
        if (count < bits) {
          held |= uint64_t{static_cast<uint32_t>(*word++)} << count;
          count += 32;
        }
        out[r * n + i] = static_cast<uint8_t>(held & mask);
        held >>= bits;
        count -= bits;
      }
    }
  });
  return values;
}

}  // namespace rolora
