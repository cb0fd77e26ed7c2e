// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

namespace rolora::widgets {

/// Row-major values [rows, columns]: layers × channels of an overview, tokens × channels of a site.
struct Matrix {
  int64_t rows = 0, columns = 0;
  std::vector<float> values;
  float at(int64_t row, int64_t column) const { return values[static_cast<size_t>(row * columns + column)]; }
  bool empty() const { return values.empty(); }
};

using MatrixPtr = std::shared_ptr<const Matrix>;

}  // namespace rolora::widgets
