// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/quantization/gptq_tile.h"

#include "core/quantization/grid.h"

namespace rolora {

ROLORA_VECTOR_WIDTHS void gptq_tile(double* weights, int64_t columns, const double* upper, int64_t stride, const TileColumn* grid,
                                    float lowest, float highest, double* errors, float* rounded) {
  for (int64_t j = 0; j < columns; ++j) {
    const double* column = weights + j * kTileRows;
    const float* scales = grid[j].scales;
    const float* zeros = grid[j].zeros;
    const double* spread = upper + j * stride;
    const double diagonal = spread[j];
    double* error = errors + j * kTileRows;
    float* integer = rounded + j * kTileRows;
    for (int64_t r = 0; r < kTileRows; ++r) {
      integer[r] = nearest(static_cast<float>(column[r]), scales[r], lowest - zeros[r], highest - zeros[r]);
      const float value = integer[r] * scales[r];
      error[r] = (column[r] - static_cast<double>(value)) / diagonal;
    }
    for (int64_t k = j + 1; k < columns; ++k) {
      double* later = weights + k * kTileRows;
      const double share = spread[k];
      for (int64_t r = 0; r < kTileRows; ++r) later[r] -= error[r] * share;
    }
  }
}

}  // namespace rolora
