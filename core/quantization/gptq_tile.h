// SPDX-License-Identifier: GPL-3.0-or-later
// The innermost loop of GPTQ: a tile of rows through one block of columns. Rows are independent, so a tile lies transposed in the cache
// and every step runs over its rows in vectors.
#pragma once

#include <cstdint>

namespace rolora {

inline constexpr int64_t kTileRows = 32;

struct TileColumn {
  const float* scales;  ///< [kTileRows] of the column's group
  const float* zeros;   ///< [kTileRows]; all 0 when symmetric
};

/// weights [columns][kTileRows] fp64, updated in place: column j is rounded, and its error, divided by U[j][j], is taken off the columns
/// after it by U[j][k]. Leaves the divided errors in errors [columns][kTileRows] and integer − zero in rounded, same shape.
/// upper: the block's own part of U, row j at upper + j·stride.
void gptq_tile(double* weights, int64_t columns, const double* upper, int64_t stride, const TileColumn* grid, float lowest, float highest,
               double* errors, float* rounded);

}  // namespace rolora
