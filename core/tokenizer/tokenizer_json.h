// SPDX-License-Identifier: GPL-3.0-or-later
// Hugging Face's tokenizer.json with a BPE or a unigram model.
#pragma once

#include <filesystem>
#include <memory>

#include "core/tokenizer/tokenizer.h"

namespace rolora {

/// Reads the file, and bos_token and eos_token from a tokenizer_config.json beside it. `truncation` and `padding` are not applied: they
/// belong to batches (transformers sets both anew on every call), and a silently shortened text would falsify every number.
std::unique_ptr<Tokenizer> open_tokenizer_json(const std::filesystem::path& file);

}  // namespace rolora
