// SPDX-License-Identifier: GPL-3.0-or-later
// An adapter as PEFT loads it: its two files, without this program's own.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

namespace rolora {

/// Copies an adapter's folder value for value: adapter_model.safetensors (also where it was adapter_model.bin) and adapter_config.json with
/// `base` as the name of the model it belongs to (empty: as it was), read again and compared. What was trained on a rotated model keeps its
/// rotation record beside, for converting it back, and needs `base` (UsageError): a folder of the same rotation that PEFT loads, or a name.
/// InputError for a folder that is no adapter, and for one on a base with R3 or R4, which no folder for PEFT has. Returns the number of
/// tensors.
int64_t export_peft(const std::filesystem::path& adapter, const std::string& base, const std::filesystem::path& out, bool force);

}  // namespace rolora
