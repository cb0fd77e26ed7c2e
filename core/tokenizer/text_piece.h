// SPDX-License-Identifier: GPL-3.0-or-later
// What travels through a tokenizer.json's components: parts of the text, some of them already tokens.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/tokenizer/pattern.h"

namespace rolora {

/// A part of the text, normalized so far. One component asks where a part comes from (Metaspace's scheme "first"): whether it begins with
/// the original text's first character. So two facts are carried along instead of a map from every byte to its origin.
struct TextPiece {
  std::string text;
  int64_t token = -1;      ///< id of the added token that this piece is; -1: still text
  bool at_start = true;    ///< the piece begins where the original text begins
  size_t first_bytes = 0;  ///< leading bytes of `text` that stand for the first original character of this piece
};

TextPiece whole_text(std::string text);
/// Bytes [begin, end) of a piece.
TextPiece slice(const TextPiece& piece, size_t begin, size_t end);
/// Puts text in front of a piece that is not empty.
void prepend(TextPiece& piece, std::string_view text);
/// Replaces every match by `content`.
void replace_matches(TextPiece& piece, const std::vector<Span>& spans, std::string_view content);

/// What becomes of the matches when a text is split at them.
enum class SplitBehavior { removed, isolated, merged_with_previous, merged_with_next, contiguous };
/// Appends the parts that are not empty.
void split_piece(const TextPiece& piece, std::vector<Span> spans, SplitBehavior behavior, std::vector<TextPiece>& out);

}  // namespace rolora
