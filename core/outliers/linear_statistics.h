// SPDX-License-Identifier: GPL-3.0-or-later
// Outliers of a weight matrix: per row (output channel) and per column (input channel).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace rolora {

/// One value a row, or one a column.
struct LineFigures {
  std::vector<float> absmax;
  std::vector<float> kurtosis;   ///< m4/m2² of the line; NaN for a constant one
  std::vector<float> rtn_error;  ///< ‖ŵ − w‖₂ / ‖w‖₂ of the line at 4 bits (0 for a line of zeros)
};

/// ŵ is the matrix rounded to nearest at 4 bits, symmetric, one scale a row: s = max(max|w|, 1e-5)/7 in fp32, q = clamp(round(w/s), −8, 7)
/// with a true fp32 division and ties to even, ŵ = s·q (method §4).
struct LinearStatistics {
  std::string name;  ///< "model.layers.0.mlp.down_proj"
  int64_t rows = 0, columns = 0;
  double absmax = 0, kurtosis = 0;
  double rtn_mse = 0;             ///< mean of (ŵ − w)²
  double rtn_relative_error = 0;  ///< ‖ŵ − w‖_F / ‖w‖_F
  LineFigures row, column;
};

}  // namespace rolora
