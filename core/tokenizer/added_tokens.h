// SPDX-License-Identifier: GPL-3.0-or-later
// Tokens that are cut out of the text before the model sees it.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "core/storage/json_file.h"
#include "core/tokenizer/normalizer.h"
#include "core/tokenizer/text_piece.h"
#include "core/tokenizer/token_model.h"

namespace rolora {

struct AddedToken {
  int64_t id = 0;
  std::string content;
  std::string matched;  ///< what is searched for: the content, normalized if `normalized` is set
  bool single_word = false, left_strip = false, right_strip = false, normalized = true, special = false;
};

/// Finds strings in a text: the leftmost first, of those that start together the longest, never overlapping.
class StringFinder {
 public:
  /// False when the string is empty or was added before.
  bool add(std::string_view text, size_t value);
  bool empty() const { return nodes_.size() == 1; }
  struct Found {
    size_t begin, end, value;
  };
  std::vector<Found> find_all(std::string_view text) const;

 private:
  static constexpr size_t kNoValue = static_cast<size_t>(-1);
  struct Node {
    std::map<char, size_t> next;
    size_t value = kNoValue;
  };
  std::vector<Node> nodes_ = std::vector<Node>(1);
};

class AddedTokens {
 public:
  /// Reads `added_tokens`. Ids must be the ones that the reference library gives them: the vocabulary's for a piece of it, else counted on
  /// behind the vocabulary in the file's order.
  AddedTokens(const JsonObject& root, const TokenModel& model, const Normalizer* normalizer);
  /// Cuts out the tokens that are not to be normalized, normalizes what is left, cuts out the others. Pieces that are not empty.
  std::vector<TextPiece> extract(TextPiece text, const Normalizer* normalizer) const;
  const AddedToken* find(int64_t id) const;
  std::optional<int64_t> id_of(std::string_view content) const;
  bool is_special(const std::string& text) const { return special_.contains(text); }
  int64_t largest_id() const { return largest_id_; }

 private:
  int64_t read_token(const JsonObject& json, const TokenModel& model, const Normalizer* normalizer, int64_t next_id);
  void cut(const TextPiece& piece, const StringFinder& finder, std::vector<TextPiece>& out) const;

  std::map<int64_t, AddedToken> tokens_;
  std::map<std::string, int64_t, std::less<>> ids_;
  std::unordered_set<std::string> special_;
  StringFinder raw_, normalized_;
  int64_t largest_id_ = -1;
};

}  // namespace rolora
