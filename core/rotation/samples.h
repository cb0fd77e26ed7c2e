// SPDX-License-Identifier: GPL-3.0-or-later
// Sample tokens with the logits that a rotated or exported model gave where it was made, so that a copy elsewhere can be checked.
#pragma once

#include <filesystem>
#include <optional>

#include "core/base/monitor.h"
#include "core/model/weights.h"

namespace rolora {

/// Runs 64 seeded ids through the folder in fp32 and stores them with the last position's logits: rotation_samples.safetensors,
/// sample_ids [64] int64 and sample_logits [V] fp32.
void save_samples(const ModelSource& model, const std::filesystem::path& folder, uint64_t seed, Monitor& monitor);

struct SampleCheck {
  double relative_l2 = 0;
  double bound = 1e-5;  ///< fp32 arithmetic of another machine
  bool passed = false;
};
/// The same ids through the folder as it is now, against the stored logits; nothing when the folder carries no samples.
std::optional<SampleCheck> verify_samples(const ModelSource& model, const std::filesystem::path& folder, Monitor& monitor);

}  // namespace rolora
