// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/quantization/errors.h"

#include <ATen/Functions.h>

#include <cmath>

namespace rolora {
namespace {

double squared_norm(const at::Tensor& x) {
  const double norm = at::linalg_vector_norm(x, 2, c10::nullopt, false, at::kDouble).item<double>();
  return norm * norm;
}

Json number_or_null(const std::optional<double>& value) { return value ? Json(*value) : Json(nullptr); }

}  // namespace

Json report_json(const LinearReport& r) {
  Json json = {{"bits", r.bits},
               {"activation_bits", r.activation_bits},
               {"group", r.group},
               {"group_fell_back", r.group_fell_back},
               {"activation_group", r.activation_group},
               {"activation_group_fell_back", r.activation_group_fell_back},
               {"weight_mse", r.weight_mse},
               {"weight_relative_error", r.weight_relative_error},
               {"input_mse", number_or_null(r.input_mse)},
               {"input_relative_error", number_or_null(r.input_relative_error)},
               {"output_error_weights", number_or_null(r.output_error_weights)},
               {"output_error_activations", number_or_null(r.output_error_activations)},
               {"output_error_both", number_or_null(r.output_error_both)},
               {"sqnr_weights_db", number_or_null(r.sqnr_weights_db)},
               {"sqnr_activations_db", number_or_null(r.sqnr_activations_db)},
               {"sqnr_db", number_or_null(r.sqnr_db)},
               {"chain_inherited", number_or_null(r.chain_inherited)},
               {"chain_added_weights", number_or_null(r.chain_added_weights)},
               {"chain_added_activations", number_or_null(r.chain_added_activations)},
               {"chain_error", number_or_null(r.chain_error)},
               {"gptq_loss", number_or_null(r.gptq_loss)},
               {"gptq_loss_relative", number_or_null(r.gptq_loss_relative)},
               {"rtn_loss", number_or_null(r.rtn_loss)}};
  if (!r.trail.empty()) json["trail"] = r.trail;
  return json;
}

WeightError weight_error(const at::Tensor& original, const at::Tensor& quantized) {
  constexpr int64_t kRows = 256;  // bounds the copies
  double difference = 0, whole = 0;
  for (int64_t first = 0; first < original.size(0); first += kRows) {
    const int64_t count = std::min(kRows, original.size(0) - first);
    const at::Tensor w = original.narrow(0, first, count).to(at::kDouble);
    difference += squared_norm(quantized.narrow(0, first, count).to(w.options()).sub_(w));
    whole += squared_norm(w);
  }
  return {difference / static_cast<double>(original.numel()), whole > 0 ? std::sqrt(difference / whole) : 0.0};
}

OutputErrorSums::OutputErrorSums(at::Tensor w, at::Tensor difference, at::Tensor bias)
    : w_(std::move(w)), difference_(std::move(difference)), bias_(std::move(bias)) {}

// Differences of outputs are formed from differences of inputs and weights, so nothing cancels:
// x̂Ŵᵀ − xWᵀ = xΔᵀ + δŴᵀ with Δ = Ŵ − W and δ = x̂ − x.
void OutputErrorSums::add(const at::Tensor& x, const at::Tensor& input_difference) {
  at::Tensor y = at::mm(x, w_.t());
  if (bias_.defined()) y.add_(bias_);
  output_ += squared_norm(y);
  at::Tensor both;
  if (difference_.defined()) {
    both = at::mm(x, difference_.t());
    by_weights_ += squared_norm(both);
  }
  if (input_difference.defined()) {
    at::Tensor moved = at::mm(input_difference, w_.t());
    by_activations_ += squared_norm(moved);
    if (difference_.defined()) moved.addmm_(input_difference, difference_.t());
    both = both.defined() ? both.add_(moved) : moved;
  }
  if (both.defined()) by_both_ += squared_norm(both);
}

// x̂Ŵᵀ − xWᵀ = (x̃ − x)Wᵀ + x̃Δᵀ + (x̂ − x̃)Ŵᵀ, one step after another.
void OutputErrorSums::add_chain(const at::Tensor& x, const at::Tensor& inherited, const at::Tensor& rounding) {
  has_chain_ = true;
  at::Tensor error = at::mm(inherited, w_.t());
  chain_inherited_ += squared_norm(error);
  if (difference_.defined()) error.addmm_(x, difference_.t());
  chain_with_weights_ += squared_norm(error);
  if (rounding.defined()) {
    error.addmm_(rounding, w_.t());
    if (difference_.defined()) error.addmm_(rounding, difference_.t());
  }
  chain_ += squared_norm(error);
}

void OutputErrorSums::finish_chain(LinearReport& report) const {
  const auto relative = [this](double squared) { return output_ > 0 ? std::sqrt(squared / output_) : 0.0; };
  report.chain_inherited = relative(chain_inherited_);
  report.chain_added_weights = relative(chain_with_weights_) - relative(chain_inherited_);
  report.chain_added_activations = relative(chain_) - relative(chain_with_weights_);
  report.chain_error = relative(chain_);
}

void OutputErrorSums::finish(LinearReport& report) const {
  if (has_chain_) finish_chain(report);
  const auto relative = [this](double squared) { return output_ > 0 ? std::sqrt(squared / output_) : 0.0; };
  report.output_error_weights = relative(by_weights_);
  report.output_error_activations = relative(by_activations_);
  report.output_error_both = relative(by_both_);
  const auto decibels = [this](double squared) {
    return squared > 0 && output_ > 0 ? std::optional(10 * std::log10(output_ / squared)) : std::nullopt;
  };
  report.sqnr_weights_db = decibels(by_weights_);
  report.sqnr_activations_db = decibels(by_activations_);
  report.sqnr_db = decibels(by_both_);
}

}  // namespace rolora
