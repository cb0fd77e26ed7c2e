// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/quantization/error_samples.h"

#include <ATen/Functions.h>

#include <cmath>

#include "core/quantization/activations.h"

namespace rolora {

ErrorSamples::ErrorSamples(const ModelSource& source, const at::Tensor& windows, const QuantizationSpec& spec, const Listeners& listeners,
                           const RopeTables& rope, const Compute& compute)
    : config_(source.config()), listeners_(listeners), rope_(rope), chain_(source, windows, spec, listeners, rope, compute) {
  for (int64_t w = 0; w < windows.size(0); ++w) streams_.push_back(source.embed(windows.narrow(0, w, 1), compute));
}

void ErrorSamples::enter(LayerIndex layer, const LayerWeights& weights) {
  inputs_.clear();
  const auto keep = [this](SiteKind site, const at::Tensor& x) { inputs_[site].push_back(x.reshape({-1, x.size(-1)})); };
  for (size_t w = 0; w < streams_.size(); ++w) {
    const LayerForward forward(config_, layer, weights, listeners_, WindowIndex(static_cast<int64_t>(w)));
    const at::Tensor x = forward.qkv_input(streams_[w]);
    keep(SiteKind::qkv_in, x);
    const at::Tensor o = forward.attention(x, rope_);
    keep(SiteKind::o_in, o);
    const at::Tensor h = forward.add_attention(streams_[w], o);
    const at::Tensor g = forward.gate_up_input(h);
    keep(SiteKind::gate_up_in, g);
    const at::Tensor a = forward.down_input(g);
    keep(SiteKind::down_in, a);
    streams_[w] = forward.add_mlp(h, a);
  }
}

void ErrorSamples::measure(LinearKind kind, const Linear& exact, const at::Tensor& quantized, const ActivationQuant& how,
                           LinearReport& report) const {
  at::Tensor difference;
  if (quantized.defined()) difference = quantized.to(exact.weight.options()).sub(exact.weight);
  OutputErrorSums sums(exact.weight, difference, exact.bias);
  double moved = 0, whole = 0;
  int64_t count = 0;
  const std::vector<at::Tensor>& inputs = inputs_.at(input_site(kind));
  for (size_t window = 0; window < inputs.size(); ++window) {
    const at::Tensor& input = inputs[window];
    const at::Tensor x = input.to(exact.weight.scalar_type());
    at::Tensor input_difference;
    if (report.activation_bits != kFullBits) {
      input_difference = quantize_activation(input, report.activation_bits, how).to(x.scalar_type()).sub(x);
      moved += std::pow(at::linalg_vector_norm(input_difference, 2, c10::nullopt, false, at::kDouble).item<double>(), 2);
    }
    whole += std::pow(at::linalg_vector_norm(x, 2, c10::nullopt, false, at::kDouble).item<double>(), 2);
    count += x.numel();
    sums.add(x, input_difference);
    const at::Tensor before = chain_.before(window).to(x.scalar_type());
    at::Tensor rounding;
    if (report.activation_bits != kFullBits) rounding = chain_.after(window).to(x.scalar_type()).sub(before);
    sums.add_chain(before, before.sub(x), rounding);
  }
  report.input_mse = moved / static_cast<double>(count);
  report.input_relative_error = whole > 0 ? std::sqrt(moved / whole) : 0.0;
  sums.finish(report);
}

}  // namespace rolora
