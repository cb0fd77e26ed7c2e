// SPDX-License-Identifier: GPL-3.0-or-later
// SentencePiece models through their own library.
#pragma once

#include <filesystem>
#include <memory>

#include "core/tokenizer/tokenizer.h"

namespace rolora {

/// Opens a serialized model (tokenizer.model). A file of the same name that holds tiktoken ranks is opened as such (tiktoken.h).
std::unique_ptr<Tokenizer> open_sentencepiece(const std::filesystem::path& file);

}  // namespace rolora
