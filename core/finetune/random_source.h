// SPDX-License-Identifier: GPL-3.0-or-later
// A model that exists only as configuration and seed: where training from scratch starts.
#pragma once

#include "core/model/weights.h"

namespace rolora {

/// Weights normal(0, σ) with σ = config.json's initializer_range (0.02 when absent), gains one, biases zero: transformers' LLaMA start.
/// Every tensor has a stream of its own, so a tensor's values depend on seed and name alone.
class RandomSource final : public ModelSource {
 public:
  RandomSource(ModelConfig config, uint64_t seed);
  const ModelConfig& config() const override { return config_; }
  LayerWeights layer(LayerIndex index, const Compute& compute) const override;
  at::Tensor embed(const at::Tensor& ids, const Compute& compute) const override;
  at::Tensor final_norm(const Compute& compute) const override;
  at::Tensor head(const Compute& compute) const override;
  void attach(Listeners&, const Compute&) const override {}
  /// Names seed and configuration, in place of a hash of stored weights.
  std::string hash() const;

 private:
  at::Tensor draw(const std::string& name, int64_t rows, int64_t columns, const Compute& compute) const;
  ModelConfig config_;
  uint64_t seed_;
  double deviation_ = 0.02;
};

}  // namespace rolora
