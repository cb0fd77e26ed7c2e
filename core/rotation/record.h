// SPDX-License-Identifier: GPL-3.0-or-later
// What rotates a model, completely: enough to undo it, to run it elsewhere bit for bit, and to refuse anything made for another rotation.
// Stored as rotation.json + rotation.safetensors beside the weights and inside every adapter, statistics file and run.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "core/model/config.h"
#include "core/model/sites.h"
#include "core/model/weights.h"

namespace rolora {

enum class OrthogonalKind { none, hadamard, orthogonal };

/// One orthogonal matrix M = diag(signs) · (K ⊗ Sylvester(m)) · scale of order n, acting on rows: y = x M.
/// Random orthogonal (Haar): K is the whole fp64 matrix, m = 1, scale 1. Without signs the vector is all ones.
struct OrthogonalMap {
  OrthogonalKind kind = OrthogonalKind::none;
  int64_t order = 0;
  std::string construction;   ///< as HadamardConstruction::name, or "Haar(64)", or "Haar(107) x Sylvester(128) [no Hadamard construction here]"
  uint64_t seed = 0;
  bool signed_rows = false;
  at::Tensor signs;           // [n] int8, ±1
  at::Tensor factor;          // [K, K] fp64
  int64_t sylvester = 1;      // m
  double scale = 1.0;
  std::string checksum;       ///< SHA-256 over kind, order, m, scale, signs and factor bytes
  explicit operator bool() const { return kind != OrthogonalKind::none; }
  /// x [.., n] → x M  (M orthogonal), in x's type with the arithmetic of kernels::kronecker_hadamard.
  at::Tensor apply(const at::Tensor& x) const;
  /// x [.., n] → x Mᵀ.
  at::Tensor apply_transposed(const at::Tensor& x) const;
  /// The matrix itself, fp64 [n, n]; for tests and small exports.
  at::Tensor dense() const;
};

/// Seeded map of the given kind; a Hadamard width without construction takes the named fallback.
OrthogonalMap make_orthogonal(OrthogonalKind kind, int64_t order, uint64_t seed, const std::string& purpose, bool random_signs);

struct RotationSettings {
  OrthogonalKind r1 = OrthogonalKind::hadamard;
  bool r2 = false, r3 = false;
  OrthogonalKind r4 = OrthogonalKind::hadamard;
  bool r4_signs = false;
  bool fold_only = false;  ///< fold the gains, rotate nothing
  uint64_t seed = 0;
};

struct RotationRecord {
  RotationSettings settings;
  bool gains_folded = false;
  OrthogonalMap r1, r2, r3, r4;   // r2 and r3 of order head_dim
  /// The norms' gains before folding, fp64: per layer [L, d] and final [d]; undefined when nothing was folded.
  at::Tensor input_gains, post_attention_gains, final_gain;
  std::string base_hash;          ///< Checkpoint::hash() of the plain model
  std::string tool_version;
  std::string checksum() const;   ///< over all parts
};

RotationRecord make_rotation(const ModelSource& plain, const std::string& base_hash, const RotationSettings& settings);
void save_rotation(const RotationRecord& record, const std::filesystem::path& folder);
/// Validates kinds, shapes, orthogonality and checksums. InputError naming what differs.
RotationRecord load_rotation(const std::filesystem::path& folder);
bool has_rotation(const std::filesystem::path& folder);
Json rotation_json(const RotationRecord& record);  ///< kind, order, construction, seed, checksum per part

}  // namespace rolora
