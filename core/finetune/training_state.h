// SPDX-License-Identifier: GPL-3.0-or-later
// Checkpoints of an unfinished training: folders step-N beside the output, each complete or not there at all.
#pragma once

#include <filesystem>
#include <optional>

#include "core/finetune/parameters.h"
#include "core/finetune/trainer.h"
#include "core/storage/json_file.h"

namespace rolora {

/// Writes `folder`/step-N (parameters and both moments as safetensors; step, log and `identity` as state.json), then removes older ones.
void save_training(const std::filesystem::path& folder, const Json& identity, ParameterSet& parameters, Trainer& trainer);

/// Continues from the newest checkpoint that has all its files; false when there is none. One whose files are damaged is refused.
/// `identity` is everything that decides the result (settings, data, base, machine): InputError naming the first key in which the
/// checkpoint differs, keys that only one of them has included.
bool resume_training(const std::filesystem::path& folder, const Json& identity, ParameterSet& parameters, Trainer& trainer);

}  // namespace rolora
