// SPDX-License-Identifier: GPL-3.0-or-later
// What quantization costs one linear: in its weights, at its input, at its output (method §4). Sums in fp64.
#pragma once

#include <ATen/core/Tensor.h>

#include <optional>
#include <string>
#include <vector>

#include "core/storage/json_file.h"

namespace rolora {

struct LinearReport {
  std::string name;  ///< "model.layers.0.mlp.down_proj"
  int bits = 16, activation_bits = 16;
  int64_t group = 0;             ///< inputs per scale in use, 0 = per output channel
  bool group_fell_back = false;  ///< a group was asked for that does not divide the width
  int64_t activation_group = 0;  ///< channels per scale of the input in use, 0 = per token
  bool activation_group_fell_back = false;
  double weight_mse = 0;             ///< mean of (Ŵ − W)²
  double weight_relative_error = 0;  ///< ‖Ŵ − W‖_F / ‖W‖_F
  // On the error samples, inputs from the unquantized model; absent without a calibration text.
  std::optional<double> input_mse, input_relative_error;
  std::optional<double> output_error_weights, output_error_activations, output_error_both;  ///< ‖Y − Ŷ‖_F / ‖Y‖_F
  std::optional<double> sqnr_db;  ///< of weights and activations together; absent where nothing changes
  std::optional<double> sqnr_weights_db, sqnr_activations_db;
  // The chain (method §4): the same samples through the quantized model up to here, x̃ its input before rounding and x̂ after, against the
  // unquantized output Y = xWᵀ + b, as shares of ‖Y‖_F. Everything before this linear left ‖x̃Wᵀ − xWᵀ‖; its own weights bring that to
  // ‖x̃Ŵᵀ − xWᵀ‖, the rounding of its input to ‖x̂Ŵᵀ − xWᵀ‖ = chain_error. "added" are the differences of these, so the three parts sum
  // to chain_error; a part is negative where errors cancel.
  std::optional<double> chain_inherited, chain_added_weights, chain_added_activations, chain_error;
  // GPTQ only, with the undamped Hessian H of its own run: trace((W − Q) H (W − Q)ᵀ), the same over trace(W H Wᵀ), and that of RTN.
  std::optional<double> gptq_loss, gptq_loss_relative, rtn_loss;
  std::vector<std::string> trail;  ///< failed factorisations and the damping that worked, when any failed
};

Json report_json(const LinearReport& report);

struct WeightError {
  double mse = 0, relative = 0;
};
WeightError weight_error(const at::Tensor& original, const at::Tensor& quantized);

/// Sums over token chunks for one linear: Y = xWᵀ + b against the same with Ŵ, with x̂, and with both.
class OutputErrorSums {
 public:
  /// w, difference = Ŵ − W (undefined: not quantized) [out, in]; bias [out] or undefined.
  OutputErrorSums(at::Tensor w, at::Tensor difference, at::Tensor bias);
  /// x [N, in]; x̂ − x of the same shape, undefined where activations are not quantized.
  void add(const at::Tensor& x, const at::Tensor& input_difference);
  /// The same tokens in the quantized model: x̃ [N, in], x̃ − x, and x̂ − x̃ (undefined where activations are not quantized).
  void add_chain(const at::Tensor& x, const at::Tensor& inherited, const at::Tensor& rounding);
  void finish(LinearReport& report) const;

 private:
  void finish_chain(LinearReport& report) const;
  at::Tensor w_, difference_, bias_;
  double output_ = 0, by_weights_ = 0, by_activations_ = 0, by_both_ = 0;  // squared norms
  double chain_inherited_ = 0, chain_with_weights_ = 0, chain_ = 0;        // squared norms
  bool has_chain_ = false;
};

}  // namespace rolora
