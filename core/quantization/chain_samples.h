// SPDX-License-Identifier: GPL-3.0-or-later
// The quantized model on the error samples, one site after another while its weights come into being: what each linear reads once
// everything before it is quantized (method §4, chain attribution).
#pragma once

#include <ATen/core/Tensor.h>

#include <memory>
#include <vector>

#include "core/model/forward.h"
#include "core/quantization/spec.h"

namespace rolora {

class ChainSamples {
 public:
  /// windows [E, T]. `listeners` are the source's own; the spec's rounding of inputs and KV comes on top.
  ChainSamples(const ModelSource& source, const at::Tensor& windows, const QuantizationSpec& spec, const Listeners& listeners,
               const RopeTables& rope, const Compute& compute);
  /// Brings every window to the site. Called for qkv_in, o_in, gate_up_in, down_in in this order, the weights of each group replaced by
  /// the quantized ones between the calls.
  void reach(SiteKind site, LayerIndex layer, const LayerWeights& weights);
  /// Past down_proj, to the next layer's residual stream.
  void leave(LayerIndex layer, const LayerWeights& weights);
  /// At the site reached last, of one window: before and after the rounding of activations, [T, C].
  at::Tensor before(size_t window) const;
  at::Tensor after(size_t window) const;

 private:
  class Recorder;
  const ModelConfig& config_;
  const RopeTables& rope_;
  std::shared_ptr<Recorder> recorder_;
  Listeners listeners_;
  std::vector<at::Tensor> streams_, before_, after_;  // per window [1, T, d], [1, T, C], [1, T, C]
};

}  // namespace rolora
