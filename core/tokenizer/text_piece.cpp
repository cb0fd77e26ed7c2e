// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tokenizer/text_piece.h"

#include <algorithm>

#include "core/tokenizer/utf8.h"

namespace rolora {
namespace {

// Joins each span with its neighbour before it when `joins(previous, current)` says so.
template <class Joins>
std::vector<Span> join(const std::vector<Span>& spans, Joins joins) {
  std::vector<Span> out;
  bool previous = false;
  for (const Span& span : spans) {
    if (!out.empty() && joins(previous, span.match)) {
      out.back().begin = std::min(out.back().begin, span.begin);
      out.back().end = std::max(out.back().end, span.end);
    } else {
      out.push_back(span);
    }
    previous = span.match;
  }
  return out;
}

// Of several matches in a row only the first joins the gap beside it; the others stand alone.
bool match_after_gap(bool previous, bool current) { return current && !previous; }

}  // namespace

TextPiece whole_text(std::string text) {
  TextPiece piece;
  piece.first_bytes = text.empty() ? 0 : character_length(text, 0);
  piece.text = std::move(text);
  return piece;
}

TextPiece slice(const TextPiece& piece, size_t begin, size_t end) {
  TextPiece out;
  out.text = piece.text.substr(begin, end - begin);
  out.at_start = piece.at_start && begin < piece.first_bytes;
  out.first_bytes = begin < piece.first_bytes ? std::min(end, piece.first_bytes) - begin : std::min<size_t>(1, out.text.size());
  return out;
}

void prepend(TextPiece& piece, std::string_view text) {
  piece.text.insert(0, text);
  piece.first_bytes += text.size();
}

void replace_matches(TextPiece& piece, const std::vector<Span>& spans, std::string_view content) {
  std::string out;
  out.reserve(piece.text.size());
  size_t first = 0;
  for (const Span& span : spans) {
    if (span.match) {
      out += content;
      if (span.end == 0 || span.end <= piece.first_bytes) first += content.size();  // what replaces has the origin of the match's last byte
    } else {
      out += std::string_view(piece.text).substr(span.begin, span.end - span.begin);
      if (span.begin < piece.first_bytes) first += std::min(span.end, piece.first_bytes) - span.begin;
    }
  }
  piece.text = std::move(out);
  piece.first_bytes = first;
}

void split_piece(const TextPiece& piece, std::vector<Span> spans, SplitBehavior behavior, std::vector<TextPiece>& out) {
  switch (behavior) {
    case SplitBehavior::removed:
      std::erase_if(spans, [](const Span& span) { return span.match; });
      break;
    case SplitBehavior::isolated:
      break;
    case SplitBehavior::contiguous:
      spans = join(spans, [](bool previous, bool current) { return previous == current; });
      break;
    case SplitBehavior::merged_with_previous:
      spans = join(spans, match_after_gap);
      break;
    case SplitBehavior::merged_with_next:
      std::reverse(spans.begin(), spans.end());
      spans = join(spans, match_after_gap);
      std::reverse(spans.begin(), spans.end());
      break;
  }
  for (const Span& span : spans) {
    if (span.begin < span.end) out.push_back(slice(piece, span.begin, span.end));
  }
}

}  // namespace rolora
