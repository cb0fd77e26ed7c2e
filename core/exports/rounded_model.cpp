// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/exports/rounded_model.h"

#include <ATen/Functions.h>

namespace rolora {

LayerWeights RoundedModel::layer(LayerIndex index, const Compute& compute) const {
  LayerWeights weights = model_.layer(index, compute);
  for (const LayerNorm& norm : layer_norms(config())) weights.*norm.gain = rounded(weights.*norm.gain);
  for (const LinearKind kind : kAllLinears) {
    Linear& linear = weights[kind];
    if (linear.bias.defined()) linear.bias = rounded(linear.bias);
    if (bits_of(model_.record().spec, config(), index, kind).weights == kFullBits) {
      linear.weight = rounded(linear.weight);
      continue;
    }
    QuantizedWeight integers = model_.weight(index, kind);
    integers.scales = rounded(integers.scales);
    linear.weight = dequantize(integers).to(linear.weight.options());
  }
  return weights;
}

}  // namespace rolora
