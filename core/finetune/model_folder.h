// SPDX-License-Identifier: GPL-3.0-or-later
// Writes a tuned model in the kind of folder it came from: a plain Hugging Face folder or a rotated one with its record.
#pragma once

#include <filesystem>
#include <optional>

#include "core/base/monitor.h"
#include "core/model/tuned.h"
#include "core/model/weights.h"
#include "core/rotation/record.h"

namespace rolora {

struct ModelFolderKind {
  std::filesystem::path like;  ///< tokenizer and generation files are copied from here
  std::optional<RotationRecord> rotation;
  at::ScalarType store = at::kFloat;
  std::optional<TunedMark> tuned;  ///< none for weights trained from scratch
};

/// Writes config.json (the source's own with the stored type and the mark of the tuning), the weights (write_weights), the tokenizer's
/// files and the rotation record into an existing folder (a PendingFolder's).
void write_model_folder(const ModelSource& source, const ModelFolderKind& kind, const std::filesystem::path& out, Monitor& monitor);

}  // namespace rolora
