// SPDX-License-Identifier: GPL-3.0-or-later
// An adapter's folder carried over to the other basis, checked before it appears.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "core/base/monitor.h"
#include "core/finetune/convert_adapter.h"

namespace rolora {

struct ConvertResult {
  double difference = 0;          ///< relative L2: of logits where both models are at hand, else of the updates
  double difference_updates = 0;  ///< update_difference()
  double bound = 0;               ///< of `difference`: that of the rotated folder's stored type, 1e-5 for updates
  bool compared_logits = false;
};

struct ConvertSource {
  const ModelSource& base;  ///< what the adapter stands on
  Adapter adapter;
  std::string onto{};  ///< name of the model that it is carried onto, for PEFT's field; empty where nobody gave one
};

/// Onto the plain model that `record` was made from. GateError when the updates differ by more than 1e-5; nothing is written then.
ConvertResult convert_to_plain(const ConvertSource& from, const RotationRecord& record, const std::filesystem::path& out, bool force);
/// Onto `rotated`, whose weights are stored as `rotated_stored`; logits of 64 seeded random ids are compared too, in fp32 or wider,
/// adapters beside their bases, within the bound of that type's rotations.
ConvertResult convert_to_rotated(const ConvertSource& from, const ModelSource& rotated, const RotationRecord& record,
                                 const std::string& rotated_hash, at::ScalarType rotated_stored, const std::filesystem::path& out,
                                 bool force, const Compute& compute, Monitor& monitor);

}  // namespace rolora
