// SPDX-License-Identifier: GPL-3.0-or-later
// Regular expressions in Oniguruma's syntax, and UTF-8.
#include "core/tokenizer/pattern.h"
#include "core/tokenizer/new_characters.h"
#include "core/tokenizer/unicode.h"
#include "core/tokenizer/utf8.h"
#include "tests/core/tokenizer/support.h"

namespace rolora::test {
namespace {

// The matches between bars.
std::string marked(const std::string& expression, const std::string& text) {
  std::string out;
  for (const Span& span : Pattern::regex(expression).spans(text)) {
    const std::string part = text.substr(span.begin, span.end - span.begin);
    out += span.match ? "|" + part + "|" : part;
  }
  return out;
}

struct Case {
  const char *expression, *text, *expected;
};

// Expected values: Oniguruma's documentation of the Ruby syntax, each also seen in the reference library.
TEST(Pattern, RubySyntax) {
  const Case cases[] = {
      {R"(\s+$)", "a  \nb ", "a|  |\nb| |"},  // lines, not the text
      {R"(^\w)", "ab\ncd", "|a|b\n|c|d"},
      {R"(\h+)", "xfACEz9", "x|fACE|z|9|"},  // hexadecimal digits, not blanks
      {R"(a{,2}b)", "aaab", "a|aab|"},
      {R"((?:a{2}+)b)", "aaaab", "|aaaab|"},        // a repeated interval, not a possessive one
      {R"(a{2}?b)", "ab aab b", "a|b| |aab| |b|"},  // an optional interval, not a lazy one
      {R"((?m:a.b))", "a\nb", "|a\nb|"},
      {R"(a.b)", "a\nb", "a\nb"},
      {R"(a(?i)b|c)", "aB aC ac", "|aB| |aC| |ac|"},  // the option takes the rest of the group, alternatives too
      {R"([a[bc]]+)", "xabcx", "x|abc|x"},
      {R"([[:punct:]]+)", "a+b,", "a|+|b|,|"},
      {R"(\p{^L}+)", "ab12", "ab|12|"},
      {R"(\bto\b)", "to tomé_to", "|to| tomé_to"},
      {R"(x*)", "axb", "||a|x|b||"},
      {R"(\S+)",
       "a\xE1\xA0\x8E"
       "b",
       "|a\xE1\xA0\x8E"
       "b|"},  // U+180E is no space
      {R"([\]\-x]+)", "a]-x", "a|]-x|"},
      {R"(\x{1F6B2}|\u00e9)", "🚲é", "|🚲||é|"},
      {R"(\p{Han}+)", "ab漢字", "ab|漢字|"},
  };
  for (const Case& c : cases) EXPECT_EQ(marked(c.expression, c.text), c.expected) << c.expression;
}

TEST(Pattern, RefusesWhatItCannotTranslate) {
  for (const char* expression :
       {"[a&&b]", "[a[^b]]", R"([\W])", R"(\1)", R"(\g<x>)", "(?<n>a)", "(?s:a)",         "(",   ")",   "[a", R"(\p{Nonsense})",
        R"(\pL)", "(*UTF)",  R"(\xE9)", R"(a\)", "*a",       R"(\q)",   "[[:nonsense:]]", "(?i", "\xFF"}) {
    EXPECT_THROW(Pattern::regex(expression), RegexError) << expression;
  }
}

TEST(Pattern, LongRunsNeedNoStack) {
  const std::string spaces(2'000'000, ' ');
  EXPECT_EQ(Pattern::regex(R"(\s+(?!\S)|\s+)").spans(spaces + "x").size(), 3u);
  EXPECT_EQ(Pattern::regex(R"((?:a|b)+)").spans(std::string(2'000'000, 'a')).size(), 1u);
}

TEST(Pattern, CharactersYoungerThanTheLibraries) {
  EXPECT_EQ(marked(R"(\p{L}+)", "\xF0\xB1\x8D\x90 "), "|\xF0\xB1\x8D\x90| ");  // U+31350, Unicode 15
  EXPECT_EQ(stand_in(U'a'), U'a');
  EXPECT_EQ(with_stand_ins("漢字 abc"), std::nullopt);
  EXPECT_EQ(with_stand_ins("a\xF0\xB1\x8D\x90z")->size(), 6u);
}

TEST(Utf8, MaximalSubparts) {
  const std::string r = "\xEF\xBF\xBD";
  // The example of the Unicode standard (table 3-8) and the bounds of every second byte.
  EXPECT_EQ(replace_invalid_utf8("\x61\xF1\x80\x80\xE1\x80\xC2\x62\x80\x63\x80\xBF\x64"), "a" + r + r + r + "b" + r + "c" + r + r + "d");
  EXPECT_EQ(replace_invalid_utf8("\xC0\xAF\xE0\x80\xBF\xF0\x81\x82\x41"), r + r + r + r + r + r + r + r + "A");
  EXPECT_EQ(replace_invalid_utf8("\xED\xA0\x80\xF4\x91\x92\x93\xFF\x41\x80\xBF\x42"), r + r + r + r + r + r + r + r + "A" + r + r + "B");
  EXPECT_EQ(replace_invalid_utf8("\xE2\x82"), r);
  for (const std::string valid :
       {"", "a", "\xC2\x80", "\xE0\xA0\x80", "\xED\x9F\xBF", "\xEE\x80\x80", "\xF0\x90\x80\x80", "\xF4\x8F\xBF\xBF"}) {
    EXPECT_TRUE(is_valid_utf8(valid));
    EXPECT_EQ(replace_invalid_utf8(valid), valid);
  }
  EXPECT_FALSE(is_valid_utf8("\xED\xA0\x80"));
}

TEST(Utf8, EveryCodePointComesBack) {
  for (char32_t c = 0; c < 0x110000; ++c) {
    if (c >= 0xD800 && c < 0xE000) continue;
    std::string text;
    append_utf8(text, c);
    size_t position = 0;
    ASSERT_TRUE(is_valid_utf8(text));
    ASSERT_EQ(next_code_point(text, position), c);
    ASSERT_EQ(position, text.size());
  }
}

TEST(Unicode, FormsAndSets) {
  EXPECT_EQ(normal_form("e\xCC\x81", NormalForm::nfc), "é");
  EXPECT_EQ(normal_form("é", NormalForm::nfd), "e\xCC\x81");
  EXPECT_EQ(normal_form("①ﬁ㋿", NormalForm::nfkc), "1fi㋿");  // U+32FF is younger than the reference's normalizer
  EXPECT_EQ(normal_form("a\u0301\u0323", NormalForm::nfd), "a\u0323\u0301");
  EXPECT_EQ(normal_form("a\u0314\u1ABF", NormalForm::nfd), "a\u0314\u1ABF");  // U+1ABF too: no mark is sorted across it
  EXPECT_EQ(lower_case("ΣΊΣΥΦΟΣ İ"), "σίσυφοσ i\xCC\x87");
  EXPECT_TRUE(is_white_space(0x3000) && is_white_space(0x85) && !is_white_space(0x180E) && !is_white_space(0x200B));
  EXPECT_TRUE(is_numeric(0xBD) && is_numeric(0x661) && is_numeric(0x2167) && !is_numeric(0x4E8C));
  EXPECT_TRUE(is_punctuation('$') && is_punctuation(0x3002) && !is_punctuation(0x20AC));
  EXPECT_TRUE(is_word('_') && is_word(0x301) && is_word(0x200D) && !is_word(0xB2));
}

}  // namespace
}  // namespace rolora::test
