// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/quantization/pipeline.h"

#include <ATen/core/grad_mode.h>

#include "core/base/error.h"
#include "core/base/memory.h"
#include "core/quantization/calibration_stream.h"
#include "core/quantization/error_samples.h"
#include "core/quantization/gptq.h"
#include "core/quantization/layer_types.h"

namespace rolora {
namespace {

// The four inputs of a layer in the order in which they are reached, and who reads each (method §4).
struct InputGroup {
  SiteKind site;
  std::vector<LinearKind> readers;
};
const std::array<InputGroup, 4>& input_groups() {
  static const std::array<InputGroup, 4> groups = {
      InputGroup{SiteKind::qkv_in, {LinearKind::q, LinearKind::k, LinearKind::v}}, InputGroup{SiteKind::o_in, {LinearKind::o}},
      InputGroup{SiteKind::gate_up_in, {LinearKind::gate, LinearKind::up}}, InputGroup{SiteKind::down_in, {LinearKind::down}}};
  return groups;
}

class LayerQuantizer {
 public:
  LayerQuantizer(const ModelSource& source, const QuantizationSpec& spec, const at::Tensor& windows, const PipelineOptions& options,
                 Monitor& monitor)
      : source_(source), config_(source.config()), spec_(spec), options_(options), monitor_(monitor) {
    source.attach(listeners_, options.compute);
    if (!windows.defined()) return;
    const int64_t tokens = windows.size(1), samples = std::min(options.error_samples, windows.size(0));
    rope_ = rope_tables(config_, 0, tokens, tokens, options.compute);
    if (samples > 0) samples_.emplace(source, windows.narrow(0, 0, samples), spec, listeners_, rope_, options.compute);
    if (spec.method == WeightMethod::gptq) {
      stream_.emplace(source, windows, listeners_, rope_, options.compute, options.batch_tokens, monitor);
    }
  }

  QuantizedLayer run(LayerIndex layer) {
    exact_ = source_.layer(layer, exact_compute(options_.compute));
    running_ = in_type(exact_, options_.compute.type);
    if (samples_) samples_->enter(layer, running_);
    QuantizedLayer result;
    result.index = layer;
    reports_ = {};
    int64_t done = layer.value * std::ssize(input_groups());
    for (const InputGroup& group : input_groups()) {
      throw_if_stopped(monitor_);
      run_group(layer, group, result);
      monitor_.progress("quantize: inputs", ++done, config_.layers * std::ssize(input_groups()));
    }
    const bool last = layer.value + 1 == config_.layers;
    if (stream_ && !last) stream_->leave(layer, running_);
    if (samples_ && !last) samples_->chain().leave(layer, running_);
    running_ = {};  // before the next layer is loaded
    for (const LinearKind kind : kAllLinears) result.reports.push_back(std::move(reports_[static_cast<size_t>(kind)]));
    return result;
  }

 private:
  bool is_quantized(LayerIndex layer, const InputGroup& group) const {
    for (const LinearKind kind : group.readers) {
      if (bits_of(spec_, config_, layer, kind).weights != kFullBits) return true;
    }
    return false;
  }

  void run_group(LayerIndex layer, const InputGroup& group, QuantizedLayer& result) {
    at::Tensor hessian;  // [C, C] fp64
    std::optional<HessianFactor> factor;
    if (stream_) {
      std::optional<HessianSum> sum;
      if (is_quantized(layer, group)) sum.emplace(linear_shape(config_, group.readers.front()).in, options_.compute.device);
      stream_->reach(group.site, layer, running_, sum ? &*sum : nullptr);
      if (sum) {
        hessian = sum->finish(stream_->windows());
        factor = factor_hessian(hessian, spec_.gptq);
      }
    }
    if (samples_) samples_->chain().reach(group.site, layer, running_);
    for (const LinearKind kind : group.readers) run_linear(layer, kind, hessian, factor, result);
    if (samples_) samples_->release(group.site);
  }

  void run_linear(LayerIndex layer, LinearKind kind, const at::Tensor& hessian, const std::optional<HessianFactor>& factor,
                  QuantizedLayer& result) {
    const LinearBits bits = bits_of(spec_, config_, layer, kind);
    const Linear& exact = exact_[kind];
    LinearReport& report = reports_[static_cast<size_t>(kind)];
    report.name = linear_name(*config_.family, layer, kind);
    report.bits = bits.weights;
    report.activation_bits = bits.activations;
    if (bits.activations != kFullBits) {
      report.activation_group = effective_group(exact.weight.size(1), spec_.activations.group);
      report.activation_group_fell_back = group_falls_back(exact.weight.size(1), spec_.activations.group);
    }
    at::Tensor quantized;  // [out, in] fp32
    if (bits.weights != kFullBits) {
      WeightQuant how = spec_.weights;
      how.bits = bits.weights;
      QuantizedWeight weight = factor ? quantize_gptq(exact.weight, *factor, how, spec_.gptq.block) : quantize_rtn(exact.weight, how);
      quantized = dequantize(weight);
      const WeightError error = weight_error(exact.weight, quantized);
      report.weight_mse = error.mse;
      report.weight_relative_error = error.relative;
      report.group = weight.group;
      report.group_fell_back = group_falls_back(exact.weight.size(1), how.group);
      if (factor) report_losses(exact.weight, quantized, weight, how, hessian, *factor, report);
      if (stream_ || samples_) running_[kind].weight = quantized.to(running_[kind].weight.options());
      result.weights[static_cast<size_t>(kind)] = std::move(weight);
    }
    if (samples_) samples_->measure(kind, exact, quantized, spec_.activations, report);
    exact_[kind].weight.reset();
    if (!stream_ && !samples_) running_[kind].weight.reset();
  }

  static void report_losses(const at::Tensor& w, const at::Tensor& quantized, const QuantizedWeight& weight, const WeightQuant& how,
                            const at::Tensor& hessian, const HessianFactor& factor, LinearReport& report) {
    const auto loss_of = [&](const at::Tensor& other) { return hessian_norm(other.to(w.options()).sub(w), hessian); };
    report.gptq_loss = loss_of(quantized);
    const double whole = hessian_norm(w, hessian);
    report.gptq_loss_relative = whole > 0 ? *report.gptq_loss / whole : 0.0;
    const ScalesAndZeros scales{weight.scales, weight.zeros.defined() ? weight.zeros.to(at::kFloat) : at::Tensor()};
    report.rtn_loss = loss_of(dequantize(round_to_grid(w, scales, how)));
    report.trail = factor.trail;
    if (!factor.trail.empty()) report.trail.push_back("damping " + Json(factor.damping).dump() + ": factored");
  }

  const ModelSource& source_;
  const ModelConfig& config_;
  const QuantizationSpec& spec_;
  const PipelineOptions& options_;
  Monitor& monitor_;
  Listeners listeners_;  // the source's own: online rotation, no quantization
  RopeTables rope_;
  std::optional<ErrorSamples> samples_;
  std::optional<CalibrationStream> stream_;  // GPTQ only
  LayerWeights exact_, running_;             // of the layer at work; `running_` takes the quantized weights as they come
  std::array<LinearReport, kLinearKinds> reports_;
};

}  // namespace

void quantize_layers(const ModelSource& source, const QuantizationSpec& spec, const at::Tensor& windows, const PipelineOptions& options,
                     Monitor& monitor, const std::function<void(QuantizedLayer&&)>& sink) {
  validate(spec, source.config());
  if (spec.method == WeightMethod::gptq && (!windows.defined() || windows.size(0) == 0)) {
    throw UsageError("GPTQ needs a calibration text: expected --calibration FILE or --ids FILE, found none");
  }
  const at::NoGradGuard no_grad;
  LayerQuantizer quantizer(source, spec, windows, options, monitor);
  for (int64_t layer = 0; layer < source.config().layers; ++layer) {
    throw_if_stopped(monitor);
    sink(quantizer.run(LayerIndex(layer)));
    return_free_memory();
  }
}

}  // namespace rolora
