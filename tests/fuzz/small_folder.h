// SPDX-License-Identifier: GPL-3.0-or-later
// A model's folder as the readers of whole models see it: parts of one input become its files, all values of its layer are read.
#pragma once

#include <ATen/Functions.h>

#include "core/model/config.h"
#include "core/model/weights.h"
#include "tests/fuzz/entry.h"

namespace rolora::fuzz {

/// Reads all values that a pass would read. Models of the seeds have one layer; more than four are not walked through.
inline void read_all(const ModelSource& model) {
  const Compute compute;
  const ModelConfig& config = model.config();
  for (int64_t i = 0; i < config.layers && i < 4; ++i) (void)model.layer(LayerIndex(i), compute);
  (void)model.embed(at::arange(std::min<int64_t>(config.vocabulary, 16), at::kLong), compute);
  (void)model.final_norm(compute);
  (void)model.head(compute);
}

}  // namespace rolora::fuzz
