// SPDX-License-Identifier: GPL-3.0-or-later
// The equality gate: a rotated model must compute what the original computes.
#pragma once

#include <string>
#include <vector>

#include "core/base/monitor.h"
#include "core/model/weights.h"

namespace rolora {

struct GateBounds {
  double relative_l2 = 1e-5;
};
/// Method's bounds by the type the rotated weights are stored in (fp32 1e-5, bf16 2e-2, fp16 3e-3; fp64 1e-12).
GateBounds gate_bounds(at::ScalarType stored);

struct GateResult {
  double relative_l2 = 0;        ///< ‖logits_rotated − logits‖ / ‖logits‖
  double argmax_agreement = 0;   ///< share of positions
  double perplexity_original = 0, perplexity_rotated = 0;
  int64_t tokens = 0;
  GateBounds bounds;
  bool passed = false;
  std::string cause;             ///< likely cause when it failed: tied head, bias, centring, width, dtype
};

/// Compares on the given windows [W, T]. Never throws for a failed comparison: callers decide (rotate refuses with GateError).
GateResult equality_gate(const ModelSource& original, const ModelSource& rotated, const std::vector<std::vector<int64_t>>& texts,
                         const Compute& compute, const GateBounds& bounds, Monitor& monitor);
/// 64 seeded random ids of the vocabulary, for models without a text at hand.
std::vector<int64_t> gate_tokens(const ModelConfig& config, uint64_t seed);

}  // namespace rolora
