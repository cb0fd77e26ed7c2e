// SPDX-License-Identifier: GPL-3.0-or-later
// A literal or a regular expression that cuts a text into matches and what lies between them.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/tokenizer/oniguruma.h"

namespace rolora {

/// Byte range [begin, end) of a text.
struct Span {
  size_t begin = 0, end = 0;
  bool match = false;
};

class Pattern {
 public:
  static Pattern literal(std::string text);
  /// Oniguruma's syntax; RegexError when it cannot be used.
  static Pattern regex(std::string_view expression);
  /// Spans in order that cover the whole of a valid UTF-8 text (an empty text is one empty span without a match). An empty match that
  /// touches the end of the match before it is not reported.
  std::vector<Span> spans(std::string_view text) const;

 private:
  Pattern() = default;
  std::string literal_;
  std::shared_ptr<const void> code_;  ///< the compiled expression; none for a literal
};

/// Each character that satisfies the predicate is a match of its own.
std::vector<Span> spans_of_characters(std::string_view text, const std::function<bool(char32_t)>& predicate);
/// Matches become gaps and gaps matches.
void invert(std::vector<Span>& spans);

}  // namespace rolora
