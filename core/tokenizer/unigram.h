// SPDX-License-Identifier: GPL-3.0-or-later
// The unigram language model as tokenizer.json's model defines it (Kudo 2018, arXiv 1804.10959; decoding only).
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/tokenizer/token_model.h"

namespace rolora {

/// Pieces with log probabilities. A word becomes the pieces whose scores sum to most. A character that no piece spells alone costs 10 more
/// than the rarest piece; neighbouring ones are one unknown token, or bytes with `byte_fallback`. Validated when read: scores finite,
/// `unk_id` inside the vocabulary.
class UnigramModel final : public TokenModel {
 public:
  explicit UnigramModel(const JsonObject& json);
  /// O(n · longest piece · log pieces) for n bytes. InputError where an unknown character needs `unk_id` and there is none.
  void encode(std::string_view word, std::vector<int64_t>& ids) const override;
  std::optional<int64_t> id_of(std::string_view piece) const override;
  const std::string* piece_of(int64_t id) const override;
  int64_t size() const override { return static_cast<int64_t>(pieces_.size()); }
  int64_t largest_id() const override { return size() - 1; }
  std::string_view name() const override { return "unigram"; }

 private:
  struct Piece {
    std::string text;
    double score;
  };
  struct Node;
  /// Calls found(length, id) for every piece that the text begins with, the shortest first.
  template <class Found>
  void for_prefixes(std::string_view text, Found found) const;
  std::vector<Node> best_paths(std::string_view word) const;
  void append(std::string_view token, std::vector<int64_t>& ids) const;
  int64_t unknown_id() const;

  std::vector<Piece> pieces_;
  std::unordered_map<std::string_view, int64_t> ids_;  ///< views into pieces_; of a piece listed twice the later one counts
  std::vector<int64_t> sorted_;                        ///< the ids in ids_ by their piece's bytes, no empty piece
  std::vector<size_t> first_byte_;                     ///< [257] where in sorted_ the pieces with each first byte begin
  std::string file_;
  std::optional<int64_t> unknown_;
  double unknown_score_ = 0;
  bool byte_fallback_ = false;
};

}  // namespace rolora
