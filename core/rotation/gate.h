// SPDX-License-Identifier: GPL-3.0-or-later
// The equality gate: a rotated model must compute what the original computes.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/base/monitor.h"
#include "core/model/weights.h"
#include "core/storage/json_file.h"

namespace rolora {

struct GateBounds {
  double relative_l2 = 1e-5;
  /// With arithmetic in the stored half-precision type: the rotated model's error against fp64 over the original's. Nothing: not asked, for
  /// arithmetic in another half type than the stored one, which rounds the rotated weights once more but not the original's.
  std::optional<double> own_error_ratio = 1.5;
};
/// Method's bounds by the type the rotated weights are stored in (fp32 1e-5, bf16 2e-2, fp16 3e-3; fp64 1e-12).
GateBounds gate_bounds(at::ScalarType stored);

struct GateResult {
  double relative_l2 = 0;       ///< ‖logits_rotated − logits‖ / ‖logits‖, in fp32 arithmetic (fp64 when that is asked for)
  double argmax_agreement = 0;  ///< share of positions
  double perplexity_original = 0, perplexity_rotated = 0;
  int64_t tokens = 0;
  GateBounds bounds;
  /// Only when the asked arithmetic is bf16 or fp16: relative L2 of either model's logits in that arithmetic against the original in fp64.
  bool half_arithmetic = false;
  double own_error_original = 0, own_error_rotated = 0;
  bool passed = false;
  std::string cause;  ///< likely cause when it failed: tied head, bias, centring, width, gain, R1–R4, dtype
};

/// Compares on the given texts (ids, at least two each). Never throws for a failed comparison, also when the rotated model cannot be run at
/// all: callers decide (rotate refuses with GateError).
GateResult equality_gate(const ModelSource& original, const ModelSource& rotated, const std::vector<std::vector<int64_t>>& texts,
                         const Compute& compute, const GateBounds& bounds, Monitor& monitor);
/// 64 seeded random ids of the vocabulary (fewer where the context is shorter), for models without a text at hand.
std::vector<int64_t> gate_tokens(const ModelConfig& config, uint64_t seed);

/// For results: relative_l2, argmax_agreement, perplexity_original, perplexity_rotated, perplexity_difference, tokens, bounds, passed,
/// cause.
Json gate_json(const GateResult& result);
/// One line for GateError.
std::string gate_failure_text(const GateResult& result);

/// Logits of one text, fp32 or wider, [T, V] on the CPU. Layer by layer.
at::Tensor logits_of_text(const ModelSource& source, const std::vector<int64_t>& ids, const Compute& compute, Monitor& monitor,
                          std::string_view stage);

}  // namespace rolora
