// SPDX-License-Identifier: GPL-3.0-or-later
// A serialized SentencePiece model, checked before the library sees it: the library ends the program, or reads beyond its tables, on some
// damaged models.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace rolora {

enum class SentencePieceType { unigram = 1, bpe = 2, word = 3, character = 4 };
std::string_view name_of(SentencePieceType type);

enum class PieceType : uint8_t { normal = 1, unknown, control, user_defined, unused, byte };

struct SentencePieceSummary {
  SentencePieceType type = SentencePieceType::unigram;
  int64_t pieces = 0;
  std::vector<PieceType> types;  ///< by id
};

/// Walks the protocol buffer (sentencepiece_model.proto): pieces with UTF-8 text and finite scores, a trainer and a normalizer
/// specification, and a character map whose trie and strings stay inside of it. InputError naming what is wrong; `file` stands in messages.
SentencePieceSummary check_sentencepiece_model(std::string_view bytes, const std::string& file);

}  // namespace rolora
