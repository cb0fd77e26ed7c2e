// SPDX-License-Identifier: GPL-3.0-or-later
// The same tokens through a model in several states: before and after a rotation, and folded in between.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/outliers/statistics_file.h"
#include "core/rotation/record.h"
#include "core/statistics/collect.h"

namespace rolora {

struct ModelState {
  std::string label;  ///< the state's group in the file: "plain", "folded", "rotated", …
  std::shared_ptr<const ModelSource> source;
  std::string model_hash;
  std::optional<RotationRecord> rotation;
};

/// What a model is called among states, by what was done to its weights last: "quantized", "tuned" (merged or trained), "folded",
/// "rotated", else "plain".
std::string state_label(const ModelConfig& config, const std::optional<RotationRecord>& rotation);

/// InputError naming the file unless a folder is the rotation of the plain model with this hash and its weights were not tuned since: only
/// then its rotation is all that lies between the two.
void require_rotation_of(const std::filesystem::path& plain, const std::string& plain_hash, const std::filesystem::path& rotated,
                         const ModelConfig& config, const std::optional<RotationRecord>& rotation);

/// The plain model with its gains folded and nothing rotated: folding is a state of its own.
ModelState folded_state(std::shared_ptr<const ModelSource> plain, const std::string& plain_hash);

/// Ids of windows [W, T] with the piece of an id; null without a tokenizer.
TokenTexts token_texts(const at::Tensor& windows, std::function<std::string(int64_t)> piece);

/// One pass a state, one after another, over the same windows [W, T].
std::vector<StatisticsOfState> collect_states(const std::vector<ModelState>& states, const at::Tensor& windows,
                                              const StatisticsOptions& options, Monitor& monitor);

}  // namespace rolora
