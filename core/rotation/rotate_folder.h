// SPDX-License-Identifier: GPL-3.0-or-later
// Rotates a plain folder into a rotated one: weights folded tensor by tensor, the record beside them, the equality gate before anything
// appears under the target's name.
#pragma once

#include <filesystem>
#include <optional>
#include <vector>

#include "core/base/monitor.h"
#include "core/model/weights.h"
#include "core/rotation/gate.h"
#include "core/rotation/record.h"

namespace rolora {

struct RotateOptions {
  RotationSettings rotation;
  std::optional<at::ScalarType> store;      ///< default: the type the input's linears are stored in
  std::vector<std::vector<int64_t>> texts;  ///< ids the gate runs on beside its 64 random ones
  Compute compute;                          ///< of the gate; the fold is always in fp64 on the CPU
  bool force = false;                       ///< replace an existing folder
  int64_t shard_bytes = int64_t{4} << 30;   ///< weights beyond this are cut into shards, as Hugging Face folders are
};

struct RotateResult {
  RotationRecord record;
  GateResult gate;
  at::ScalarType stored = at::kFloat;
};

/// InputError when the input is not a plain model; GateError, with nothing left behind, when the written folder does not compute what the
/// input computes; NumericError when a rotated weight leaves the range of the stored type.
RotateResult rotate_folder(const std::filesystem::path& model, const std::filesystem::path& out, const RotateOptions& options,
                           Monitor& monitor);

}  // namespace rolora
