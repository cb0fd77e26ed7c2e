// SPDX-License-Identifier: GPL-3.0-or-later
// Small integers packed into 32-bit words without gaps, as compressed-tensors ("pack-quantized") and GPTQ's layout hold them.
#pragma once

#include <ATen/core/Tensor.h>

namespace rolora {

/// values [rows, n] of 0 … 2^bits−1 in any integer type → int32 [rows, ⌈n·bits/32⌉]: value i of a row lies in bits i·bits … of the row's
/// words, lowest bit first, across words where it does not fit; what remains of the last word is 0.
at::Tensor pack_words(const at::Tensor& values, int bits);
/// The first n values of each row, uint8 [rows, n].
at::Tensor unpack_words(const at::Tensor& words, int bits, int64_t n);

}  // namespace rolora
