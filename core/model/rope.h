// SPDX-License-Identifier: GPL-3.0-or-later
// Rotary position embedding, half-split as in Hugging Face checkpoints; frequencies computed in fp32 as transformers does, in fp64 under
// fp64.
#pragma once

#include <ATen/core/Tensor.h>

#include "core/model/config.h"
#include "core/model/weights.h"

namespace rolora {

struct RopeTables {
  at::Tensor cos, sin;  // [T, dims], dims of each head being turned
};

/// Tables for positions first … first+count-1. `total` is the length that dynamic scaling and the choice of long factors look at (the whole
/// prefill).
RopeTables rope_tables(const ModelConfig& config, int64_t first, int64_t count, int64_t total, const Compute& compute);
/// x [B, T, heads, head_dim] → rotated, same shape.
at::Tensor apply_rope(const at::Tensor& x, const RopeTables& tables);

}  // namespace rolora
