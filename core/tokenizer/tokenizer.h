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
  /// Ids of the text (UTF-8, any bytes accepted as the reference library does). With `special`, what the file's post-processor adds
  /// (tokenizer.json) or bos_id in front (a bare SentencePiece model); never EOS for SentencePiece.
  virtual std::vector<int64_t> encode(std::string_view text, bool special) const = 0;
  /// The library's default decode; special tokens are skipped. Throws InputError on an id outside the vocabulary.
  virtual std::string decode(const std::vector<int64_t>& ids) const = 0;
  /// The piece of one id as the file writes it ("▁the", "Ġthe"), for labels of single tokens.
  virtual std::string piece(int64_t id) const = 0;
  virtual int64_t vocabulary() const = 0;  ///< 1 + largest id
  virtual std::optional<int64_t> bos() const = 0;
  virtual std::optional<int64_t> eos() const = 0;
  virtual std::string kind() const = 0;  ///< "sentencepiece bpe", "tokenizer.json bpe", for `info`
  /// What `special` puts in front: ids of the empty text with special tokens that precede it (possibly none).
  virtual std::vector<int64_t> prefix() const = 0;
};

/// Opens a model folder (tokenizer.json before tokenizer.model) or one file. Refuses what it does not support by name, never skips a
/// component.
std::unique_ptr<Tokenizer> open_tokenizer(const std::filesystem::path& folder_or_file);
/// Does the folder hold a tokenizer file at all?
bool has_tokenizer(const std::filesystem::path& folder);

}  // namespace rolora
