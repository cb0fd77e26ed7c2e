// SPDX-License-Identifier: GPL-3.0-or-later
// What begins and ends a generated text, as transformers reads it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <vector>

#include "core/model/config.h"

namespace rolora {

struct GenerationTokens {
  std::optional<int64_t> bos;  ///< where an empty prompt begins
  std::vector<int64_t> eos;    ///< any of these ends the text; empty: none does
};

/// bos_token_id (a number) and eos_token_id (a number or a list) of the folder's generation_config.json. Where that file is, it alone
/// counts: a key that it lacks means none, as in transformers; without the file, and for a llama2.c file, the config's ids hold. null and
/// negative ids mean none. InputError for a file that cannot be read and for values that are no token ids.
GenerationTokens read_generation_tokens(const std::filesystem::path& folder, const ModelConfig& config);

}  // namespace rolora
