// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>

#include "core/base/monitor.h"
#include "core/model/weights.h"

namespace rolora {

/// Writes all tensors of a model under their Hugging Face names, head included: model.safetensors, or shards with their index beyond
/// `shard_bytes`. One layer is in memory at a time. NumericError names a value that the stored type cannot hold.
void write_weights(const ModelSource& source, at::ScalarType stored, const std::filesystem::path& folder, int64_t shard_bytes,
                   Monitor& monitor);

}  // namespace rolora
