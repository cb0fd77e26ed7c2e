// SPDX-License-Identifier: GPL-3.0-or-later
// Opens any MODEL folder — plain, rotated or quantized by this program — as one source.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "core/model/weights.h"
#include "core/rotation/record.h"

namespace rolora {

struct OpenedModel {
  std::shared_ptr<const ModelSource> source;
  std::filesystem::path folder;
  std::optional<RotationRecord> rotation;  ///< of rotated folders and of quantized ones made from them
  bool quantized = false;
  at::ScalarType stored = at::kFloat;
  std::string hash;                         ///< identity of the weights, for records
};

OpenedModel open_model(const std::filesystem::path& folder);

}  // namespace rolora
