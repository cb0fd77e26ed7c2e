// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/finetune/adam_w.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>

namespace rolora {

AdamW::AdamW(at::Tensor parameters, const AdamWSettings& settings)
    : settings_(settings),
      parameters_(std::move(parameters)),
      first_(at::zeros_like(parameters_)),
      second_(at::zeros_like(parameters_)),
      scratch_(at::empty_like(parameters_)) {}

void AdamW::step(const at::Tensor& gradient, double rate) {
  ++count_;
  const double t = static_cast<double>(count_);
  const double correction1 = 1.0 - std::pow(settings_.beta1, t);
  const double correction2 = 1.0 - std::pow(settings_.beta2, t);
  if (settings_.weight_decay != 0) parameters_.mul_(1.0 - rate * settings_.weight_decay);
  first_.lerp_(gradient, 1.0 - settings_.beta1);
  second_.mul_(settings_.beta2).addcmul_(gradient, gradient, 1.0 - settings_.beta2);
  at::sqrt_out(scratch_, second_).div_(std::sqrt(correction2)).add_(settings_.epsilon);
  parameters_.addcdiv_(first_, scratch_, -rate / correction1);
}

void AdamW::restore(const at::Tensor& first, const at::Tensor& second, int64_t count) {
  first_.copy_(first);
  second_.copy_(second);
  count_ = count;
}

double gradient_norm(const at::Tensor& gradient) {
  return at::linalg_vector_norm(gradient, 2, std::nullopt, false, at::kDouble).item<double>();
}

double clip_factor(double norm, double limit) { return limit > 0 ? std::min(1.0, limit / (norm + 1e-6)) : 1.0; }

}  // namespace rolora
