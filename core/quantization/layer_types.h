// SPDX-License-Identifier: GPL-3.0-or-later
// Quantizers see weights in fp32 (fp64 under fp64) whatever the type of the arithmetic, so that a half-precision run rounds the model's own
// weights and not a rounded copy of them.
#pragma once

#include <c10/core/ScalarType.h>

#include "core/model/weights.h"

namespace rolora {

inline Compute exact_compute(const Compute& compute) { return {compute.type == at::kDouble ? at::kDouble : at::kFloat, compute.device}; }

/// The layer in another type; tensors of that type already are shared.
inline LayerWeights in_type(const LayerWeights& layer, at::ScalarType type) {
  LayerWeights result = layer;
  convert_gains(result, type);
  for (Linear& linear : result.linears) {
    linear.weight = linear.weight.to(type);
    if (linear.bias.defined()) linear.bias = linear.bias.to(type);
  }
  return result;
}

}  // namespace rolora
