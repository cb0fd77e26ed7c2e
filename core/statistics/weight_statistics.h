// SPDX-License-Identifier: GPL-3.0-or-later
// Outliers of a weight matrix: per row (output channel) and per column (input channel).
#pragma once

#include <ATen/core/Tensor.h>

#include <string>

#include "core/outliers/linear_statistics.h"

namespace rolora {

/// w [rows, columns], any floating type and device; values are taken as fp32. NumericError when one is not finite.
LinearStatistics weight_statistics(const std::string& name, const at::Tensor& w);

}  // namespace rolora
