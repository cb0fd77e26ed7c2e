// SPDX-License-Identifier: GPL-3.0-or-later
// A model as a plain Hugging Face folder, which transformers and what builds on it load.
#pragma once

#include <filesystem>
#include <optional>

#include "core/base/monitor.h"
#include "core/model/weights.h"
#include "core/rotation/record.h"

namespace rolora {

struct HfExport {
  const ModelSource& source;
  std::filesystem::path folder;  ///< tokenizer and generation files are copied from here
  std::optional<RotationRecord> rotation;
  bool quantized = false;
  at::ScalarType store = at::kFloat;
};

struct ExportCheck {
  double relative_l2 = 0;  ///< logits of the folder as written against the model's, 64 seeded random ids, fp32 or wider
  double bound = 0;        ///< 1e-5, or that of a narrower stored type
  int64_t tokens = 0;
};

/// Writes config.json with the family's own names, the weights in shards, the tokenizer's files, sample tokens with their logits, and for
/// a rotated model its rotation record beside them. R1 and R2 live in the weights and need nothing else. InputError for a model with an
/// online rotation (R3, R4), which no such folder can say and every other program would silently leave out, and for a quantized one; the
/// message names what serves. GateError when the folder does not give the model's logits; nothing is left then.
ExportCheck export_hf(const HfExport& model, const std::filesystem::path& out, bool force, const Compute& compute, Monitor& monitor);

}  // namespace rolora
