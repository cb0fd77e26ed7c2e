// SPDX-License-Identifier: GPL-3.0-or-later
// Hadamard matrices of any constructible order, built, never typed in; and the named fallback where this program knows no construction.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace rolora {

/// K ⊗ Sylvester(m), order K·m. K is a ±1 matrix (row-major) with K Kᵀ = order·I; for K = 1 it is [1].
struct HadamardConstruction {
  int64_t order = 1;         ///< n = factor_order · sylvester
  int64_t factor_order = 1;  ///< K
  int64_t sylvester = 1;     ///< m = 2^k
  std::string name;          ///< "PaleyI(7^3) x Sylvester(32)", "Sylvester(4096)", "Williamson(43) x Sylvester(4)"
  double adds_per_row = 0;   ///< K·n + n·log2 m multiply-adds or adds of the fast transform (K = 1: n·log2 n)
  int64_t factor_bytes = 0;  ///< memory of K as fp32
};

/// Every construction this program knows for n with a factor K of at most 4096, cheapest first; empty when it knows none ("no construction
/// here", never "none exists"): Sylvester; Paley I and II over GF(p^k); Williamson; Kronecker products of these. Lists without building.
std::vector<HadamardConstruction> hadamard_constructions(int64_t n);
/// The ±1 entries of the construction's factor K, row-major [K·K]. Deterministic.
std::vector<int8_t> hadamard_factor(const HadamardConstruction& construction);

}  // namespace rolora
