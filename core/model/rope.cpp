// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/rope.h"

#include <ATen/Functions.h>

#include <cmath>
#include <numbers>

namespace rolora {
namespace {

// Dynamic NTK scaling: the base grows with the length once it passes the model's limit. transformers takes the length from a tensor, so its
// arithmetic happens in the type of the tables; the same is done here.
at::Tensor base_of(const ModelConfig& config, int64_t total, const at::TensorOptions& options) {
  const at::Tensor theta = at::scalar_tensor(config.rope.theta, options);
  if (config.rope.kind != RopeKind::dynamic || total <= config.context) return theta;
  const at::Tensor growth =
      at::scalar_tensor(total, options) * config.rope.factor / static_cast<double>(config.context) - (config.rope.factor - 1);
  return growth.pow(static_cast<double>(config.rope.dims) / static_cast<double>(config.rope.dims - 2)) * config.rope.theta;
}

// LLaMA 3: long wavelengths are stretched by the factor, short ones kept, those between blended.
at::Tensor blend_llama3(const at::Tensor& frequencies, const RopeSettings& rope) {
  const auto original = static_cast<double>(rope.original_context);
  const at::Tensor wavelength = frequencies.reciprocal() * (2 * std::numbers::pi);
  const at::Tensor is_long = wavelength > original / rope.low_freq_factor;
  const at::Tensor is_short = wavelength < original / rope.high_freq_factor;
  const at::Tensor scaled = at::where(is_long, frequencies / rope.factor, frequencies);
  const at::Tensor share = (wavelength.reciprocal() * original - rope.low_freq_factor) / (rope.high_freq_factor - rope.low_freq_factor);
  const at::Tensor blended = (1 - share) * scaled / rope.factor + share * scaled;
  return at::where(is_long.logical_or(is_short), scaled, blended);
}

at::Tensor inverse_frequencies(const ModelConfig& config, int64_t total, const at::TensorOptions& options) {
  const at::Tensor exponents = at::arange(0, config.rope.dims, 2, options) / static_cast<double>(config.rope.dims);
  const at::Tensor powers = at::pow(base_of(config, total, options), exponents);  // [dims / 2]
  if (config.rope.kind == RopeKind::longrope) {
    const bool is_long = total > config.rope.original_context;
    return (at::tensor(is_long ? config.rope.long_factors : config.rope.short_factors, options) * powers).reciprocal();
  }
  const at::Tensor frequencies = powers.reciprocal();
  if (config.rope.kind == RopeKind::linear) return frequencies / config.rope.factor;
  if (config.rope.kind == RopeKind::llama3) return blend_llama3(frequencies, config.rope);
  return frequencies;
}

}  // namespace

RopeTables rope_tables(const ModelConfig& config, int64_t first, int64_t count, int64_t total, const Compute& compute) {
  // Always computed on the CPU, so that every device works with the same angles.
  const at::TensorOptions options = at::TensorOptions().dtype(compute.type == at::kDouble ? at::kDouble : at::kFloat);
  const at::Tensor positions = at::arange(first, first + count, at::TensorOptions().dtype(at::kLong)).to(options.dtype());
  const at::Tensor half = positions.unsqueeze(1) * inverse_frequencies(config, total, options).unsqueeze(0);  // [T, dims / 2]
  const at::Tensor angles = at::cat({half, half}, -1);                                                        // [T, dims]
  const auto finish = [&](const at::Tensor& table) {
    return (config.rope.attention_scaling == 1.0 ? table : table * config.rope.attention_scaling).to(compute.type).to(compute.device);
  };
  return {finish(angles.cos()), finish(angles.sin())};
}

at::Tensor apply_rope(const at::Tensor& x, const RopeTables& tables) {
  const int64_t dims = tables.cos.size(-1), half = dims / 2;
  const at::Tensor x1 = x.slice(-1, 0, half), x2 = x.slice(-1, half, dims);
  const at::Tensor cos = tables.cos.slice(-1, 0, half).unsqueeze(1), sin = tables.sin.slice(-1, 0, half).unsqueeze(1);  // [T, 1, half]
  if (dims == x.size(-1)) return at::cat({x1 * cos - x2 * sin, x2 * cos + x1 * sin}, -1);
  return at::cat({x1 * cos - x2 * sin, x2 * cos + x1 * sin, x.slice(-1, dims)}, -1);
}

}  // namespace rolora
