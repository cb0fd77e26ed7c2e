// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tokenizer/pattern.h"

#include <optional>

#include "core/tokenizer/new_characters.h"
#include "core/tokenizer/utf8.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

namespace rolora {
namespace {

std::string message_of(int code) {
  PCRE2_UCHAR text[160] = {};
  pcre2_get_error_message(code, text, sizeof text);
  return reinterpret_cast<const char*>(text);
}

std::shared_ptr<const void> compile(const std::string& expression) {
  const std::unique_ptr<pcre2_compile_context, decltype(&pcre2_compile_context_free)> context(pcre2_compile_context_create(nullptr),
                                                                                              pcre2_compile_context_free);
  if (!context) throw std::bad_alloc();
  pcre2_set_newline(context.get(), PCRE2_NEWLINE_LF);
  int error = 0;
  PCRE2_SIZE offset = 0;
  pcre2_code* code = pcre2_compile(reinterpret_cast<PCRE2_SPTR>(expression.data()), expression.size(),
                                   PCRE2_UTF | PCRE2_UCP | PCRE2_MULTILINE, &error, &offset, context.get());
  if (code == nullptr) throw RegexError(message_of(error));
  std::shared_ptr<const void> owner(code, [](const void* p) { pcre2_code_free(static_cast<pcre2_code*>(const_cast<void*>(p))); });
  pcre2_jit_compile(code, PCRE2_JIT_COMPLETE);  // where there is no just-in-time compiler, the interpreter matches
  return owner;
}

/// The matches of one text, one after another.
class Matches {
 public:
  Matches(const pcre2_code* code, std::string_view text)
      : code_(code), text_(text), data_(pcre2_match_data_create_from_pattern(code, nullptr), pcre2_match_data_free) {
    if (!data_) throw std::bad_alloc();
  }

  std::optional<Span> next() {
    while (from_ <= text_.size()) {
      if (!match()) return std::nullopt;
      const PCRE2_SIZE* at = pcre2_get_ovector_pointer(data_.get());
      const Span found{at[0], at[1], true};
      const bool repeats = found.begin == found.end && last_end_ == found.end;
      if (!repeats) {
        from_ = found.end;
        last_end_ = found.end;
        return found;
      }
      from_ += from_ < text_.size() ? character_length(text_, from_) : 1;
    }
    return std::nullopt;
  }

 private:
  bool match() {
    const auto attempt = [&](uint32_t options) {
      return pcre2_match(code_, reinterpret_cast<PCRE2_SPTR>(text_.data()), text_.size(), from_, PCRE2_NO_UTF_CHECK | options, data_.get(),
                         nullptr);
    };
    int result = attempt(0);
    if (result == PCRE2_ERROR_JIT_STACKLIMIT) result = attempt(PCRE2_NO_JIT);  // the interpreter keeps its state on the heap
    if (result == PCRE2_ERROR_NOMATCH) return false;
    if (result < 0) throw RegexError("regular expression: " + message_of(result));
    return true;
  }

  const pcre2_code* code_;
  std::string_view text_;
  std::unique_ptr<pcre2_match_data, decltype(&pcre2_match_data_free)> data_;
  size_t from_ = 0;
  size_t last_end_ = std::string_view::npos;
};

template <class Next>
std::vector<Span> cover(std::string_view text, Next next) {
  if (text.empty()) return {{0, 0, false}};
  std::vector<Span> spans;
  size_t covered = 0;
  while (const std::optional<Span> found = next()) {
    if (covered != found->begin) spans.push_back({covered, found->begin, false});
    spans.push_back(*found);
    covered = found->end;
  }
  if (covered != text.size()) spans.push_back({covered, text.size(), false});
  return spans;
}

}  // namespace

Pattern Pattern::literal(std::string text) {
  if (text.empty()) return regex("");  // matches between all characters
  Pattern pattern;
  pattern.literal_ = std::move(text);
  return pattern;
}

Pattern Pattern::regex(std::string_view expression) {
  Pattern pattern;
  pattern.code_ = compile(pcre2_from_oniguruma(expression));
  return pattern;
}

std::vector<Span> Pattern::spans(std::string_view text) const {
  if (!code_) {
    size_t from = 0;
    return cover(text, [&]() -> std::optional<Span> {
      const size_t found = text.find(literal_, from);
      if (found == std::string_view::npos) return std::nullopt;
      from = found + literal_.size();
      return Span{found, from, true};
    });
  }
  const std::optional<std::string> known = with_stand_ins(text);
  Matches matches(static_cast<const pcre2_code*>(code_.get()), known ? std::string_view(*known) : text);
  return cover(text, [&] { return matches.next(); });
}

std::vector<Span> spans_of_characters(std::string_view text, const std::function<bool(char32_t)>& predicate) {
  size_t position = 0;
  return cover(text, [&]() -> std::optional<Span> {
    while (position < text.size()) {
      const size_t begin = position;
      if (predicate(next_code_point(text, position))) return Span{begin, position, true};
    }
    return std::nullopt;
  });
}

void invert(std::vector<Span>& spans) {
  for (Span& span : spans) span.match = !span.match;
}

}  // namespace rolora
