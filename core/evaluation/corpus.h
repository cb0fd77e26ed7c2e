// SPDX-License-Identifier: GPL-3.0-or-later
// A text file as a stream of ids, and the stream as windows: the corpus conventions of the field (GPTQ, QuaRot).
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/model/config.h"
#include "core/tokenizer/tokenizer.h"

namespace rolora {

enum class Corpus { text, wikitext2, c4, ptb };
Corpus parse_corpus(const std::string& name);

/// The text of a file under a convention: text = bytes as they are; wikitext2 = lines, each kept with its newline, joined by "\n\n";
/// ptb = lines joined by a space; c4 = the `text` of JSON lines joined by a space.
std::string read_corpus(const std::filesystem::path& file, Corpus corpus);

struct IdStream {
  std::vector<int64_t> ids;
  std::string source;     ///< file name for messages
  std::string text_hash;  ///< SHA-256 of the file read
};
/// Ids of a text with the tokenizer's prefix (BOS) once in front.
IdStream ids_of_text(const std::filesystem::path& file, Corpus corpus, const Tokenizer& tokenizer);
/// {"ids":[…]}; nothing is put in front. Refuses ids outside the vocabulary.
IdStream ids_of_file(const std::filesystem::path& file, int64_t vocabulary);

struct Windows {
  at::Tensor full;  // [W, context] int64
  at::Tensor tail;  // [T'] or undefined; at least two ids, only with keep_tail
  int64_t context = 0;
};
/// min(2048, model's limit) unless given.
int64_t default_context(const ModelConfig& config, std::optional<int64_t> asked);
/// Contiguous windows, for a caller that can keep the shorter tail; it is dropped unless kept. A text shorter than one window (without
/// keep_tail) is an InputError that gives tokens and context and names --keep-tail. `most` > 0 keeps the first N windows.
Windows cut_windows(const IdStream& stream, int64_t context, bool keep_tail, int64_t most = 0);
/// The same for a caller that has no use for a tail: all whole windows of a text, or the first `most` (0: all). InputError for a text
/// shorter than one; `setting` is what the caller's user sets the context by.
Windows whole_windows(const IdStream& stream, int64_t context, int64_t most, std::string_view setting = "--context");

}  // namespace rolora
