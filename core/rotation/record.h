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
#include "core/rotation/orthogonal.h"

namespace rolora {

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
  OrthogonalMap r1, r2, r3, r4;  // r2 and r3 of order head_dim
  /// The norms' gains before folding, fp64: per layer [L, d] and final [d]; undefined when nothing was folded.
  at::Tensor input_gains, post_attention_gains, final_gain;
  std::string base_hash;  ///< Checkpoint::hash() of the plain model
  std::string tool_version;
  /// Over all four maps and the gains: what an adapter must share with its base.
  std::string checksum() const;
};

/// Draws the maps and copies the gains. r1, r4 and fold_only contradict each other only in the caller's options: fold_only rotates nothing.
RotationRecord make_rotation(const ModelSource& plain, const std::string& base_hash, const RotationSettings& settings);
/// rotation.json and rotation.safetensors, each replaced atomically.
void save_rotation(const RotationRecord& record, const std::filesystem::path& folder);
/// Validates kinds, shapes, orthogonality, checksums, and what follows from these: the constructions' names, the seeds of random signs.
/// InputError naming what differs.
RotationRecord load_rotation(const std::filesystem::path& folder);
bool has_rotation(const std::filesystem::path& folder);
/// For results: gains_folded, seed, checksum, and per part kind, order, construction, seed, checksum (null where there is none).
Json rotation_json(const RotationRecord& record);
/// InputError (file, "rotation") when the record's orders or gains are not those of this model.
void require_fitting(const RotationRecord& record, const ModelConfig& config, const std::filesystem::path& file);

}  // namespace rolora
