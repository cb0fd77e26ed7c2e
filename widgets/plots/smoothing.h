// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <vector>

namespace rolora::widgets {

/// Exponential moving average with bias correction: m ← β·m + (1 − β)·x, shown as m / (1 − βⁿ) after n values, so the curve starts at the
/// first value and not at 0 (Kingma and Ba, "Adam", section 3). Values that are not finite count for nothing and give the average so far.
/// β in [0, 1); 0 gives the values themselves.
std::vector<double> smoothed(const std::vector<double>& values, double beta);

}  // namespace rolora::widgets
