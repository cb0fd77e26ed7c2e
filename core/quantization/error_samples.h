// SPDX-License-Identifier: GPL-3.0-or-later
// The unquantized model on the error samples, kept in step with the quantization: what each linear of the current layer reads.
#pragma once

#include <ATen/core/Tensor.h>

#include <map>
#include <vector>

#include "core/model/forward.h"
#include "core/quantization/errors.h"
#include "core/quantization/spec.h"

namespace rolora {

class ErrorSamples {
 public:
  /// windows [E, T].
  ErrorSamples(const ModelSource& source, const at::Tensor& windows, const Listeners& listeners, const RopeTables& rope,
               const Compute& compute);
  /// Runs the layer, keeping the inputs of its linears.
  void enter(LayerIndex layer, const LayerWeights& weights);
  /// Input and output errors of one linear of that layer. `exact` is the original; `quantized` [out, in] fp32 or undefined.
  void measure(LinearKind kind, const Linear& exact, const at::Tensor& quantized, const ActivationQuant& how, LinearReport& report) const;

 private:
  const ModelConfig& config_;
  const Listeners& listeners_;
  const RopeTables& rope_;
  std::vector<at::Tensor> streams_;                     // per window [1, T, d]
  std::map<SiteKind, std::vector<at::Tensor>> inputs_;  // per window [T, C]
};

}  // namespace rolora
