// SPDX-License-Identifier: GPL-3.0-or-later
// A quantized folder as a copy of it in a narrower type computes it.
#pragma once

#include "core/model/weights.h"
#include "core/quantization/quantized_folder.h"

namespace rolora {

/// The model with its scales, and all that is not quantized, rounded to `type`: what a folder that stores them so must give to the last bit
/// of the arithmetic. What the rounding itself costs is the difference between this and the model.
class RoundedModel final : public ModelSource {
 public:
  RoundedModel(const QuantizedFolder& model, at::ScalarType type) : model_(model), type_(type) {}
  const ModelConfig& config() const override { return model_.config(); }
  LayerWeights layer(LayerIndex index, const Compute& compute) const override;
  at::Tensor embed(const at::Tensor& ids, const Compute& compute) const override { return rounded(model_.embed(ids, compute)); }
  at::Tensor final_norm(const Compute& compute) const override { return rounded(model_.final_norm(compute)); }
  at::Tensor head(const Compute& compute) const override { return rounded(model_.head(compute)); }
  void attach(Listeners& listeners, const Compute& compute) const override { model_.attach(listeners, compute); }

 private:
  at::Tensor rounded(const at::Tensor& x) const { return x.to(type_).to(x.scalar_type()); }
  const QuantizedFolder& model_;
  at::ScalarType type_;
};

}  // namespace rolora
