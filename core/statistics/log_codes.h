// SPDX-License-Identifier: GPL-3.0-or-later
// Values as small codes, 2·bin + sign, so that counting one is a table increment.
#pragma once

#include <cstdint>

#include "core/outliers/log_histogram.h"

namespace rolora {

inline constexpr int kZeroCode = 2 * LogBins::kCount;  ///< of +0 and −0; every other code is below
inline constexpr int kCodes = kZeroCode + 1;
static_assert(kCodes <= 1 << 16);

/// codes[i] = 2·LogBins::of(x[i]) + (x[i] < 0), or kZeroCode. Values are finite.
void encode(const float* x, int64_t n, uint16_t* codes);

}  // namespace rolora
