// SPDX-License-Identifier: GPL-3.0-or-later
// Byte-pair encoding as tokenizer.json's model defines it.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/storage/json_file.h"
#include "core/tokenizer/merge_loop.h"
#include "core/tokenizer/token_model.h"

namespace rolora {

/// Vocabulary, ranked merges and the rules for characters outside of the vocabulary. Validated when read: ids unique and in [0, 2^31),
/// merges of known pieces into known pieces.
class BpeModel final : public TokenModel {
 public:
  explicit BpeModel(const JsonObject& json);
  /// Appends the ids of one word. The pair of lowest rank is merged first, the leftmost of equals; O(n log n) in the word's characters.
  void encode(std::string_view word, std::vector<int64_t>& ids) const override;
  std::optional<int64_t> id_of(std::string_view piece) const override;
  const std::string* piece_of(int64_t id) const override;
  int64_t size() const override { return static_cast<int64_t>(vocabulary_.size()); }
  int64_t largest_id() const override { return largest_id_; }
  std::string_view name() const override { return "bpe"; }

 private:
  struct Hash {
    using is_transparent = void;
    size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };
  struct Word;

  void read_vocabulary(const JsonObject& json);
  void read_merges(const JsonObject& json);
  void add_merge(const JsonObject& json, const std::string& key, std::string_view left, std::string_view right, uint32_t rank);
  void add_characters(std::string_view text, Word& word) const;
  bool add_bytes(std::string_view character, Word& word) const;
  std::optional<Merge> merge_of(uint32_t left, uint32_t right) const;
  uint32_t unknown_id() const;

  std::unordered_map<std::string, uint32_t, Hash, std::equal_to<>> vocabulary_;
  std::unordered_map<uint32_t, const std::string*> pieces_;
  std::unordered_map<uint64_t, Merge> merges_;  // key: left id · 2^32 + right id
  std::string file_, unknown_, prefix_, suffix_;
  bool has_unknown_ = false, fuse_unknown_ = false, byte_fallback_ = false, ignore_merges_ = false;
  int64_t largest_id_ = -1;
};

}  // namespace rolora
