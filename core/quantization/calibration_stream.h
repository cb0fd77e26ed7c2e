// SPDX-License-Identifier: GPL-3.0-or-later
// The calibration windows on their way through the layers: the residual stream of all of them, and the attention's output while it is
// needed. What down_proj reads is computed again rather than held.
#pragma once

#include <ATen/core/Tensor.h>

#include <functional>

#include "core/base/monitor.h"
#include "core/model/forward.h"
#include "core/quantization/hessian.h"

namespace rolora {

class CalibrationStream {
 public:
  /// windows [W, T].
  CalibrationStream(const ModelSource& source, const at::Tensor& windows, const Listeners& listeners, const RopeTables& rope,
                    const Compute& compute, int64_t batch_tokens, Monitor& monitor);
  /// Brings the stream to the site with the layer's current weights and adds what its linears read to `sum` (null: only moves on).
  /// Called for qkv_in, o_in, gate_up_in, down_in in this order, the weights of each group replaced between the calls.
  void reach(SiteKind site, LayerIndex layer, const LayerWeights& weights, HessianSum* sum);
  /// Past down_proj, to the next layer's residual stream.
  void leave(LayerIndex layer, const LayerWeights& weights);
  int64_t windows() const { return stream_.size(0); }

 private:
  template <class Work>
  void for_each_batch(LayerIndex layer, const LayerWeights& weights, const Work& work);

  const ModelConfig& config_;
  const Listeners& listeners_;
  const RopeTables& rope_;
  Monitor& monitor_;
  int64_t batch_ = 1;  // windows
  at::Tensor stream_;  // [W, T, d]
  at::Tensor o_;       // [W, T, heads·dh], between o_in and gate_up_in
};

}  // namespace rolora
