// SPDX-License-Identifier: GPL-3.0-or-later
// The unigram language model as tokenizer.json's model defines it (Kudo 2018, arXiv 1804.10959; decoding only).
#pragma once

#include "core/tokenizer/token_model.h"

namespace rolora {

/// Pieces with log probabilities. A word becomes the pieces whose scores sum to most, in O(n · longest piece · log pieces) for n bytes. A
/// character that no piece spells alone costs 10 more than the rarest piece; neighbouring ones are one unknown token, or bytes with
/// `byte_fallback`. Validated when read: scores finite, `unk_id` inside the vocabulary. encode() raises InputError where an unknown
/// character needs `unk_id` and there is none.
std::unique_ptr<const TokenModel> make_unigram_model(const JsonObject& json);

}  // namespace rolora
