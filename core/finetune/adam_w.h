// SPDX-License-Identifier: GPL-3.0-or-later
// AdamW with decoupled weight decay (Loshchilov & Hutter, arXiv 1711.05101), PyTorch's formula operation for operation.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

namespace rolora {

struct AdamWSettings {
  double beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8;
  double weight_decay = 0;  ///< applied to every trained value, gains of norms too
};

class AdamW {
 public:
  /// `parameters` [n] is changed in place by step().
  AdamW(at::Tensor parameters, const AdamWSettings& settings);
  /// m ← m + (1−β₁)(g−m);  v ← β₂v + (1−β₂)g²;  p ← p − lr·wd·p;  p ← p − lr/(1−β₁ᵗ) · m / (√v/√(1−β₂ᵗ) + ε).
  /// t counts every call from 1, also those with lr = 0.
  void step(const at::Tensor& gradient, double rate);
  int64_t count() const { return count_; }
  const at::Tensor& first_moment() const { return first_; }
  const at::Tensor& second_moment() const { return second_; }
  /// Continues from saved moments after `count` steps.
  void restore(const at::Tensor& first, const at::Tensor& second, int64_t count);

 private:
  AdamWSettings settings_;
  at::Tensor parameters_, first_, second_, scratch_;
  int64_t count_ = 0;
};

/// Euclidean norm of a gradient, summed in fp64.
double gradient_norm(const at::Tensor& gradient);
/// min(1, limit / (norm + 1e-6)), PyTorch's clip_grad_norm_; 1 when limit is 0 (no clipping).
double clip_factor(double norm, double limit);

}  // namespace rolora
