// SPDX-License-Identifier: GPL-3.0-or-later
// LLaMA-3's tokenizer.model: tiktoken's ranks, lines of base64 and a number ("IQ== 0").
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "core/tokenizer/tokenizer.h"

namespace rolora {

bool looks_like_tiktoken(std::string_view bytes);

/// The file holds neither the splitting rule nor the special tokens: both are those of Meta's own LLaMA-3 tokenizer, which gives the 256
/// ids behind the ranks to special tokens (begin_of_text, end_of_text, two header ids, eot_id, else reserved ones; LLaMA-3.1 renames some
/// reserved ones, the ids are the same). As there, `special` puts begin_of_text in front, and special tokens written inside a text stay
/// plain text. Unlike there, a run of more than 25 000 characters without white space is not cut before it is encoded: ids are those of
/// the library tiktoken for the whole text. decode() leaves special tokens out.
/// Refused: bytes that are not base64, a byte without a rank, a piece or a rank twice, ranks that are not 0 … n − 1, and as many ranks as the
/// files of other models have.
std::unique_ptr<Tokenizer> open_tiktoken(std::string_view bytes, const std::string& file);

}  // namespace rolora
