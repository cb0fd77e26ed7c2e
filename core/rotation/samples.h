// SPDX-License-Identifier: GPL-3.0-or-later
// Sample tokens with the logits that a rotated, quantized or exported model gave where it was made, so that a copy elsewhere can be
// checked.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "core/base/monitor.h"
#include "core/model/weights.h"

namespace rolora {

inline constexpr const char* kSamplesFile = "rotation_samples.safetensors";

/// Runs 64 seeded ids through the folder in fp32 and stores them with the last position's logits: rotation_samples.safetensors,
/// sample_ids [64] int64 and sample_logits [V] fp32; in its metadata, `rotation` is the checksum of the folder's rotation.json, which must
/// be there by then, and empty without one.
void save_samples(const ModelSource& model, const std::filesystem::path& folder, uint64_t seed, Monitor& monitor);

struct SampleCheck {
  double relative_l2 = 0;
  double bound = 1e-4;
  bool passed = false;
};
/// The same ids through the folder as it is now, in fp32 on `device`, against the stored logits; nothing when the folder carries none.
/// Another processor sums in another order, and a deep model with large gains makes that more than the bound: before such a folder is
/// called wrong it runs once more in fp64 on the processors, and the bound becomes ten times what fp32 is off by, at most 1e-2.
std::optional<SampleCheck> verify_samples(const ModelSource& model, const std::filesystem::path& folder, at::Device device,
                                          Monitor& monitor);

/// verify_samples, and GateError with both numbers when they did not pass.
std::optional<SampleCheck> require_samples(const ModelSource& model, const std::filesystem::path& folder, at::Device device,
                                           Monitor& monitor);

/// Logits are the same under every rotation, so they cannot tell one record from another. InputError with both checksums unless the
/// samples were stored with the rotation that the folder has now (`rotation`: its record's checksum, empty: none). Samples that do not say
/// pass, unless they `must`: where nothing else binds a record to the weights.
void require_samples_of_rotation(const std::filesystem::path& folder, const std::string& rotation, bool must);

}  // namespace rolora
