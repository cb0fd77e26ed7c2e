// SPDX-License-Identifier: GPL-3.0-or-later
// One orthogonal matrix that is applied fast: signs, a dense factor, and a Sylvester part.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "core/model/weights.h"

namespace rolora {

/// `blocks`: Sylvester's Hadamard matrix on each run of as many channels as the largest power of two in the width, which is what other
/// libraries' formats can say by name of a width that is none. It mixes less than a Hadamard matrix of the whole width.
enum class OrthogonalKind { none, hadamard, orthogonal, blocks };
std::string_view name_of(OrthogonalKind kind);  ///< "none", "hadamard", "orthogonal", "blocks"
/// InputError(file "--r1"-style option or a file's name, key) when the name is none of them.
OrthogonalKind parse_orthogonal_kind(const std::string& name, const std::string& file, const std::string& key);

/// M = diag(signs) · (K ⊗ Sylvester(m)) · scale of order n = K·m, acting on rows: y = x M.
/// Random orthogonal (Haar): K is the whole fp64 matrix, m = 1, scale 1. Without signs the vector is all ones.
struct OrthogonalMap {
  OrthogonalKind kind = OrthogonalKind::none;
  int64_t order = 0;
  std::string construction;  ///< as HadamardConstruction::name, or "Haar(64)", or "Haar(107) x Sylvester(128) [no construction here]", or
                             ///< "43 blocks of Sylvester(256)"
  uint64_t seed = 0;
  bool signed_rows = false;
  at::Tensor signs;   // [n] int8, ±1
  at::Tensor factor;  // [K, K] fp64
  int64_t sylvester = 1;
  double scale = 1.0;
  std::string checksum;  ///< SHA-256 over kind, order, m, scale, signs and factor bytes
  explicit operator bool() const { return kind != OrthogonalKind::none; }
  /// x [.., n] → x M, in x's type; half types are summed and scaled in fp32 and rounded once.
  at::Tensor apply(const at::Tensor& x) const;
  /// x [.., n] → x Mᵀ.
  at::Tensor apply_transposed(const at::Tensor& x) const;
  /// The same map with its tensors in the type and on the device of the arithmetic, for repeated use online. Not for storing.
  OrthogonalMap prepared(const Compute& compute) const;
  /// The matrix itself, fp64 [n, n]; for tests and small exports.
  at::Tensor dense() const;
};

/// What `construction` says of a map of this kind and these orders; empty when no Hadamard matrix with such a factor is known here.
std::string construction_name(OrthogonalKind kind, int64_t order, int64_t sylvester);
/// The signs [order] int8 of a map with random signs: a function of its seed and purpose, the same on every machine.
at::Tensor random_signs_of(int64_t order, uint64_t seed, const std::string& purpose);
/// What the checksum of a map must be.
std::string checksum_of(const OrthogonalMap& map);

/// Seeded map of the given kind. `purpose` names the stream of random numbers ("r1"). Hadamard: the cheapest construction, with random
/// signs or without; a width without one takes Haar(odd part) ⊗ Sylvester and says so in `construction`. Orthogonal: Haar, the QR factor of
/// a Gaussian matrix with the signs of R's diagonal made positive (F. Mezzadri, Notices AMS 54, 2007). Blocks: without signs; InputError
/// for an odd width, which has none.
OrthogonalMap make_orthogonal(OrthogonalKind kind, int64_t order, uint64_t seed, const std::string& purpose, bool random_signs);

/// w [out, in] → W diag(gain) M, rows transformed; gain [in] fp64 or undefined. In fp64, piece by piece, rounded once to `type`.
at::Tensor rotate_rows(const at::Tensor& w, const OrthogonalMap& map, const at::Tensor& gain = {}, at::ScalarType type = at::kDouble);
/// w [out, in] → Mᵀ W, columns transformed; the same arithmetic.
at::Tensor rotate_columns(const at::Tensor& w, const OrthogonalMap& map, at::ScalarType type = at::kDouble);

}  // namespace rolora
