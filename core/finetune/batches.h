// SPDX-License-Identifier: GPL-3.0-or-later
// Which examples a step sees, as a pure function of (seed, step): nothing needs saving for a resumed training to go on in the same order.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "core/finetune/examples.h"

namespace rolora {

class BatchOrder {
 public:
  BatchOrder(int64_t examples, int64_t batch, int64_t accumulate, bool shuffle, uint64_t seed);
  /// ceil(examples / (batch · accumulate)); the last step of an epoch may see fewer examples.
  int64_t steps_per_epoch() const;
  /// Example numbers of every micro-batch of a step (from 1). Shuffled: one seeded permutation per epoch.
  std::vector<std::vector<int64_t>> micro_batches(int64_t step);

 private:
  int64_t examples_, batch_, accumulate_;
  bool shuffle_;
  uint64_t seed_;
  int64_t epoch_ = -1;
  std::vector<int64_t> order_;
};

/// Rows padded at the right to the longest. Causal attention never looks to the right, so padding needs no mask; it has no label.
struct MicroBatch {
  at::Tensor ids;      // [B, T] int64
  at::Tensor rows;     // [N] places in the flattened [B·T] whose next token is predicted
  at::Tensor targets;  // [N] those next tokens
  at::Tensor present;  // [P] places in the flattened [B·T] that are no padding
};
MicroBatch make_micro_batch(const TrainingData& data, const std::vector<int64_t>& numbers, at::Device device);

}  // namespace rolora
