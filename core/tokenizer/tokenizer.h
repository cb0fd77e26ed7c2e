// SPDX-License-Identifier: GPL-3.0-or-later
// Text ↔ token ids, equal to the reference libraries id for id.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rolora {

class Tokenizer {
 public:
  virtual ~Tokenizer() = default;
  /// Ids of the text. Bytes that are not UTF-8: SentencePiece's library takes them as they are (one U+FFFD a byte); the other libraries
  /// take decoded strings, so each maximal ill-formed subpart becomes one U+FFFD first, as Python's errors="replace" reads a file. With
  /// `special`, what the file's post-processor adds (tokenizer.json), or in front bos_id (a bare SentencePiece model) or <|begin_of_text|>
  /// (tiktoken ranks); never EOS for these two.
  virtual std::vector<int64_t> encode(std::string_view text, bool special) const = 0;
  /// The library's default decode; special tokens are skipped. Throws InputError on an id outside the vocabulary.
  virtual std::string decode(const std::vector<int64_t>& ids) const = 0;
  /// The piece of one id as the file writes it ("▁the", "Ġthe"), for labels of single tokens.
  virtual std::string piece(int64_t id) const = 0;
  virtual int64_t vocabulary() const = 0;  ///< 1 + largest id
  virtual std::optional<int64_t> bos() const = 0;
  virtual std::optional<int64_t> eos() const = 0;
  virtual std::string kind() const = 0;  ///< "sentencepiece bpe", "tokenizer.json unigram", "tiktoken llama3", for `info`
  /// What `special` puts in front: ids of the empty text with special tokens that precede it (possibly none).
  virtual std::vector<int64_t> prefix() const = 0;
  /// The id of a special token by its text ("<|im_end|>", "</s>"); nothing where this tokenizer has no such token.
  virtual std::optional<int64_t> special_token(std::string_view) const { return std::nullopt; }
  /// Does encode() turn special tokens written in a text into their ids (tokenizer.json), or leave them plain text (.model files)?
  virtual bool finds_special_tokens() const { return false; }
};

/// Opens a model folder (tokenizer.json before tokenizer.model) or one file. Refuses what it does not support by name, never skips a
/// component.
std::unique_ptr<Tokenizer> open_tokenizer(const std::filesystem::path& folder_or_file);
/// Does the folder hold a tokenizer file at all?
bool has_tokenizer(const std::filesystem::path& folder);

}  // namespace rolora
