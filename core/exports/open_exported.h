// SPDX-License-Identifier: GPL-3.0-or-later
// Opening a quantized folder in the compressed-tensors or GPTQ format, written by this program or another one.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "core/exports/exported_folder.h"

namespace rolora {

struct OpenedExport {
  std::shared_ptr<const ExportedFolder> model;
  std::shared_ptr<const ExportedFolder> weights_alone;  ///< without the rounding of activations, which its sample logits are without
  at::ScalarType stored = at::kFloat;                   ///< of what is not quantized
  Json description;  ///< method, weights' bits, group, symmetric; activations' bits (lists where linears differ)
  std::vector<std::string> notes;
};

/// "compressed-tensors" or "gptq" by config.json's quantization_config; empty for any other folder.
std::string exported_format(const std::filesystem::path& folder);

/// Validates everything: the settings (each key must be known), names, shapes and types of all tensors, and an R4 in a transform_config,
/// which must be that of the rotation record beside it. InputError names what is not understood. Values are checked as layers are loaded.
OpenedExport open_exported(const std::filesystem::path& folder);

}  // namespace rolora
