// SPDX-License-Identifier: GPL-3.0-or-later
// Perplexity: exp of the mean negative log-likelihood over all predicted tokens of non-overlapping windows (GPTQ, arXiv 2210.17323).
#pragma once

#include <vector>

#include "core/base/monitor.h"
#include "core/evaluation/corpus.h"
#include "core/model/passes.h"

namespace rolora {

struct PerplexityResult {
  double nll = 0;         ///< mean per predicted token, log-softmax and sums in fp64
  double perplexity = 0;
  int64_t tokens = 0;     ///< predicted tokens
  std::vector<double> window_nll;  ///< mean of each window, tail last
};

PerplexityResult perplexity(const ModelSource& source, const Windows& windows, const PassOptions& options, Monitor& monitor,
                            const Listeners& extra = {});

}  // namespace rolora
