// SPDX-License-Identifier: GPL-3.0-or-later
// Figures of one contiguous run of values: a token over its channels, a weight row over its inputs.
#pragma once

#include <cstdint>

#include "core/statistics/moments.h"

namespace rolora {

struct RowFigures {
  Moments moments;          ///< m3 included
  int32_t absmax_bits = 0;  ///< of the largest |x| as fp32; above lanes::kLargestFinite when a value is not finite
};

/// Two passes over n values: the mean, then the sums about it; sixteen fixed lanes in fp64.
RowFigures row_figures(const float* x, int64_t n);

}  // namespace rolora
