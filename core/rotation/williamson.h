// SPDX-License-Identifier: GPL-3.0-or-later
// Williamson's construction: four symmetric ±1 circulants of odd order t with A² + B² + C² + D² = 4t·I give a Hadamard matrix of order 4t
// (J. Williamson, Duke Math. J. 11, 1944). The circulants are found by a search, never typed in.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace rolora {

/// First rows, t signs each, row[0] = +1 and row[i] = row[t−i].
using WilliamsonRows = std::array<std::vector<int8_t>, 4>;

/// The orders t for which williamson_rows() is known to succeed within seconds and Paley's constructions miss 4t.
std::span<const int64_t> williamson_orders();

/// Searches rows that are constant on the orbits of multiplication by some g mod t, coarsest orbits first, within one g in lexicographic
/// order with + before − (smallest residue first); then rows of which three are images of each other under a multiplier of order 3. The
/// result is the same everywhere. Nothing when the search would be too long or finds none.
std::optional<WilliamsonRows> williamson_rows(int64_t t);

/// [[A,B,C,D],[−B,A,−D,C],[−C,D,A,−B],[−D,−C,B,A]], circulants M[i][j] = row[(j−i) mod t]; row-major [4t·4t].
std::vector<int8_t> williamson_matrix(const WilliamsonRows& rows);

}  // namespace rolora
