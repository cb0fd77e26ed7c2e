// SPDX-License-Identifier: GPL-3.0-or-later
// The unquantized model on the error samples, kept in step with the quantization: what each linear of the current layer reads; and beside
// it the quantized model as far as it has come.
#pragma once

#include <ATen/core/Tensor.h>

#include <map>
#include <vector>

#include "core/model/forward.h"
#include "core/quantization/chain_samples.h"
#include "core/quantization/errors.h"
#include "core/quantization/spec.h"

namespace rolora {

class ErrorSamples {
 public:
  /// windows [E, T].
  ErrorSamples(const ModelSource& source, const at::Tensor& windows, const QuantizationSpec& spec, const Listeners& listeners,
               const RopeTables& rope, const Compute& compute);
  /// Runs the unquantized layer, keeping the inputs of its linears.
  void enter(LayerIndex layer, const LayerWeights& weights);
  /// The inputs at this site are not needed again: they are what memory holds.
  void release(SiteKind site) { inputs_.erase(site); }
  /// The quantized model, with the weights as they are by now.
  ChainSamples& chain() { return chain_; }
  /// Input and output errors of one linear of that layer; the chain stands at its site. `exact` is the original; `quantized` [out, in] fp32
  /// or undefined.
  void measure(LinearKind kind, const Linear& exact, const at::Tensor& quantized, const ActivationQuant& how, LinearReport& report) const;

 private:
  const ModelConfig& config_;
  const Listeners& listeners_;
  const RopeTables& rope_;
  std::vector<at::Tensor> streams_;                     // per window [1, T, d]
  std::map<SiteKind, std::vector<at::Tensor>> inputs_;  // per window [T, C]
  ChainSamples chain_;
};

}  // namespace rolora
