// SPDX-License-Identifier: GPL-3.0-or-later
// How SentencePiece 0.2.3 segments a normalized text by a unigram model (Kudo 2018, arXiv 1804.10959). Among spellings whose scores are
// equal, or nearly, the rounding of its single-precision sums decides, and earlier versions of the library sum in another way: to get its
// ids the sums are made as it makes them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/tokenizer/piece_prefixes.h"
#include "core/tokenizer/sentencepiece_file.h"

namespace rolora {

class SentencePieceUnigram {
 public:
  struct Piece {
    std::string text;
    float score = 0;  ///< log probability
    PieceType type = PieceType::normal;
  };
  /// Pieces by id; `unknown` stands for what no piece spells, unless there are byte pieces.
  SentencePieceUnigram(std::vector<Piece> pieces, int64_t unknown);
  SentencePieceUnigram(const SentencePieceUnigram&) = delete;  // its prefixes view its pieces
  SentencePieceUnigram& operator=(const SentencePieceUnigram&) = delete;
  /// Appends the ids of a whole normalized text (valid UTF-8): O(n · longest piece · log pieces) for n bytes.
  void encode(std::string_view normalized, std::vector<int64_t>& ids) const;
  /// The byte that a piece of type byte stands for.
  char byte_of(int64_t id) const { return static_cast<char>(bytes_of_pieces_[static_cast<size_t>(id)]); }

 private:
  struct Node;
  float score_of(int64_t id, size_t length) const;
  std::vector<Node> best_paths(std::string_view text) const;
  void append_unknown(std::string_view text, std::vector<int64_t>& ids) const;

  std::vector<Piece> pieces_;
  PiecePrefixes prefixes_;                ///< normal and user-defined pieces
  std::vector<uint8_t> bytes_of_pieces_;  ///< by id; 0 where it is no byte piece
  std::vector<int64_t> byte_ids_;         ///< [256], or empty: no byte fallback
  int64_t unknown_ = 0;
  float unknown_score_ = 0;
};

}  // namespace rolora
