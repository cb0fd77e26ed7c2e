// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tokenizer/unicode.h"

#include <unicode/brkiter.h>
#include <unicode/bytestream.h>
#include <unicode/normalizer2.h>
#include <unicode/uchar.h>
#include <unicode/utext.h>

#include <algorithm>
#include <iterator>
#include <limits>
#include <memory>
#include <utility>
#include <vector>

#include "core/base/error.h"
#include "core/tokenizer/new_characters.h"
#include "core/tokenizer/utf8.h"

namespace rolora {
namespace {

struct CodeRange {
  char32_t first, last;
};

// In one of these ranges, which are in order?
template <size_t N>
bool in(const CodeRange (&ranges)[N], char32_t c) {
  const CodeRange* range = std::partition_point(std::begin(ranges), std::end(ranges), [c](const CodeRange& r) { return r.last < c; });
  return range != std::end(ranges) && c >= range->first;
}

// The reference library asks several tables of different age. Where ICU's answer differs from theirs (compared over all characters):

// Punctuation marks (by category) that its table, of about Unicode 8, does not know; two it has that Unicode reclassified since.
constexpr CodeRange kLaterPunctuation[] = {
    // clang-format off
    {0x61D, 0x61D}, {0x9FD, 0x9FD}, {0xA76, 0xA76}, {0xC77, 0xC77}, {0xC84, 0xC84}, {0x1B4E, 0x1B4F}, {0x1B7D, 0x1B7F}, {0x2E43, 0x2E4F},
    {0x2E52, 0x2E5D}, {0x10D6E, 0x10D6E}, {0x10EAD, 0x10EAD}, {0x10F55, 0x10F59}, {0x10F86, 0x10F89}, {0x113D4, 0x113D5},
    {0x113D7, 0x113D8}, {0x1144B, 0x1144F}, {0x1145A, 0x1145B}, {0x1145D, 0x1145D}, {0x11660, 0x1166C}, {0x116B9, 0x116B9},
    {0x1183B, 0x1183B}, {0x11944, 0x11946}, {0x119E2, 0x119E2}, {0x11A3F, 0x11A46}, {0x11A9A, 0x11A9C}, {0x11A9E, 0x11AA2},
    {0x11B00, 0x11B09}, {0x11BE1, 0x11BE1}, {0x11C41, 0x11C45}, {0x11C70, 0x11C71}, {0x11EF7, 0x11EF8}, {0x11F43, 0x11F4F},
    {0x11FFF, 0x11FFF}, {0x12FF1, 0x12FF2}, {0x16D6D, 0x16D6F}, {0x16E97, 0x16E9A}, {0x16FE2, 0x16FE2}, {0x1E5FF, 0x1E5FF},
    {0x1E95E, 0x1E95F}};
// clang-format on
constexpr CodeRange kFormerPunctuation[] = {{0x166D, 0x166D}, {0x111C9, 0x111C9}};

// Numbers of Unicode 17.
constexpr CodeRange kLaterNumbers[] = {{0x11DE0, 0x11DE9}, {0x16FF4, 0x16FF6}};

// Characters whose decomposition or combining class is younger than its normalizer's Unicode 9: it leaves them alone, never composes with
// them and never sorts marks across them.
constexpr CodeRange kNotNormalized[] = {
    {0x7FD, 0x7FD},     {0x898, 0x89F},     {0x8CA, 0x8D3},     {0x9FE, 0x9FE},     {0xC3C, 0xC3C},     {0xD3B, 0xD3C},
    {0xEBA, 0xEBA},     {0x1715, 0x1715},   {0x1ABF, 0x1ACE},   {0x1DF6, 0x1DFA},   {0x32FF, 0x32FF},   {0xA7F2, 0xA7F4},
    {0xA82C, 0xA82C},   {0xAB69, 0xAB69},   {0x10781, 0x10785}, {0x10787, 0x107B0}, {0x107B2, 0x107BA}, {0x10D24, 0x10D27},
    {0x10EAB, 0x10EAC}, {0x10EFD, 0x10EFF}, {0x10F46, 0x10F50}, {0x10F82, 0x10F85}, {0x11070, 0x11070}, {0x1133B, 0x1133B},
    {0x1145E, 0x1145E}, {0x11839, 0x1183A}, {0x11930, 0x11930}, {0x11938, 0x11938}, {0x1193D, 0x1193E}, {0x11943, 0x11943},
    {0x119E0, 0x119E0}, {0x11A34, 0x11A34}, {0x11A47, 0x11A47}, {0x11A99, 0x11A99}, {0x11D42, 0x11D42}, {0x11D44, 0x11D45},
    {0x11D97, 0x11D97}, {0x11F41, 0x11F42}, {0x16FF0, 0x16FF1}, {0x1E030, 0x1E06D}, {0x1E08F, 0x1E08F}, {0x1E130, 0x1E136},
    {0x1E2AE, 0x1E2AE}, {0x1E2EC, 0x1E2EF}, {0x1E4EC, 0x1E4EF}, {0x1F16C, 0x1F16C}, {0x1FBF0, 0x1FBF9}};

// Capital letters of Unicode 16 and 17: what is added to get the small one.
struct CasePair {
  char32_t first, last;
  int32_t shift;
};
constexpr CasePair kLaterCapitals[] = {{0x1C89, 0x1C89, 1},      {0xA7CB, 0xA7CB, 0x264 - 0xA7CB},
                                       {0xA7CC, 0xA7CC, 1},      {0xA7CE, 0xA7CE, 1},
                                       {0xA7D2, 0xA7D2, 1},      {0xA7D4, 0xA7D4, 1},
                                       {0xA7DA, 0xA7DA, 1},      {0xA7DC, 0xA7DC, 0x19B - 0xA7DC},
                                       {0x10D50, 0x10D65, 0x20}, {0x16EA0, 0x16EB8, 0x1B}};

char32_t small_letter(char32_t c) {
  for (const CasePair& pair : kLaterCapitals) {
    if (c >= pair.first && c <= pair.last) return static_cast<char32_t>(static_cast<int32_t>(c) + pair.shift);
  }
  return static_cast<char32_t>(u_tolower(static_cast<UChar32>(c)));
}

const icu::Normalizer2& normalizer_for(NormalForm form) {
  UErrorCode status = U_ZERO_ERROR;
  const icu::Normalizer2* normalizer = nullptr;
  switch (form) {
    case NormalForm::nfc:
      normalizer = icu::Normalizer2::getNFCInstance(status);
      break;
    case NormalForm::nfd:
      normalizer = icu::Normalizer2::getNFDInstance(status);
      break;
    case NormalForm::nfkc:
      normalizer = icu::Normalizer2::getNFKCInstance(status);
      break;
    case NormalForm::nfkd:
      normalizer = icu::Normalizer2::getNFKDInstance(status);
      break;
  }
  if (U_FAILURE(status) || normalizer == nullptr) throw Error(std::string("ICU: Unicode normalization failed: ") + u_errorName(status));
  return *normalizer;
}

// ICU sorts the marks behind a letter by insertion, which takes the square of their number. A long run is sorted before: marks in another
// canonical order are the same text to every form.
std::string with_sorted_marks(std::string_view text) {
  constexpr size_t kLong = 64;
  std::string out;
  std::vector<std::pair<uint8_t, char32_t>> marks;
  const auto finish = [&] {
    if (marks.size() > kLong) std::stable_sort(marks.begin(), marks.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
    for (const auto& [order, c] : marks) append_utf8(out, c);
    marks.clear();
  };
  out.reserve(text.size());
  for (size_t position = 0; position < text.size();) {
    const char32_t c = next_code_point(text, position);
    const uint8_t order = c < 0x300 ? uint8_t{0} : u_getCombiningClass(static_cast<UChar32>(c));
    if (order == 0) finish();
    marks.emplace_back(order, c);
    if (order == 0) finish();
  }
  finish();
  return out;
}

void append_normalized(const icu::Normalizer2& normalizer, std::string_view text, std::string& out) {
  if (text.size() > static_cast<size_t>(std::numeric_limits<int32_t>::max()))
    throw Error("tokenizer: text too long for Unicode normalization");
  UErrorCode status = U_ZERO_ERROR;
  icu::StringByteSink<std::string> sink(&out);
  const std::string sorted = with_sorted_marks(text);
  normalizer.normalizeUTF8(0, icu::StringPiece(sorted.data(), static_cast<int32_t>(sorted.size())), sink, nullptr, status);
  if (U_FAILURE(status)) throw Error(std::string("ICU: Unicode normalization failed: ") + u_errorName(status));
}

uint32_t category_mask(char32_t c) { return U_MASK(u_charType(static_cast<UChar32>(stand_in(c)))); }

}  // namespace

bool is_white_space(char32_t c) { return u_hasBinaryProperty(static_cast<UChar32>(c), UCHAR_WHITE_SPACE) != 0; }

bool is_word(char32_t c) {
  if ((category_mask(c) & (U_GC_M_MASK | U_GC_ND_MASK | U_GC_PC_MASK)) != 0) return true;
  const auto known = static_cast<UChar32>(stand_in(c));
  return u_hasBinaryProperty(known, UCHAR_ALPHABETIC) != 0 || u_hasBinaryProperty(known, UCHAR_JOIN_CONTROL) != 0;
}

bool is_numeric(char32_t c) { return (category_mask(c) & U_GC_N_MASK) != 0 || in(kLaterNumbers, c); }

bool is_punctuation(char32_t c) {
  const bool ascii = (c >= 0x21 && c <= 0x2F) || (c >= 0x3A && c <= 0x40) || (c >= 0x5B && c <= 0x60) || (c >= 0x7B && c <= 0x7E);
  if (ascii || c < 0x80) return ascii;
  return in(kFormerPunctuation, c) || ((category_mask(c) & U_GC_P_MASK) != 0 && !in(kLaterPunctuation, c));
}

std::string normal_form(std::string_view text, NormalForm form) {
  const icu::Normalizer2& normalizer = normalizer_for(form);
  std::string out;
  size_t begin = 0;
  for (size_t position = 0; position < text.size();) {
    const size_t start = position;
    if (static_cast<unsigned char>(text[position]) < 0xDF) {  // smaller than every character of the table
      position += character_length(text, position);
      continue;
    }
    if (!in(kNotNormalized, next_code_point(text, position))) continue;
    append_normalized(normalizer, text.substr(begin, start - begin), out);
    out += text.substr(start, position - start);
    begin = position;
  }
  append_normalized(normalizer, text.substr(begin), out);
  return out;
}

std::string lower_case(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (size_t position = 0; position < text.size();) {
    const char32_t c = next_code_point(text, position);
    if (c == 0x130) {
      out += "i\xCC\x87";  // the one character whose lower case is two, whatever stands around it
    } else {
      append_utf8(out, small_letter(c));
    }
  }
  return out;
}

std::vector<size_t> grapheme_ends(std::string_view text) {
  const std::optional<std::string> known = with_stand_ins(text);
  if (known) text = *known;
  UErrorCode status = U_ZERO_ERROR;
  const std::unique_ptr<icu::BreakIterator> breaks(icu::BreakIterator::createCharacterInstance(icu::Locale::getRoot(), status));
  const std::unique_ptr<UText, decltype(&utext_close)> source(
      utext_openUTF8(nullptr, text.data(), static_cast<int64_t>(text.size()), &status), utext_close);
  if (U_SUCCESS(status)) breaks->setText(source.get(), status);
  if (U_FAILURE(status)) throw Error(std::string("ICU: graphemes cannot be found: ") + u_errorName(status));
  if (text.size() > static_cast<size_t>(std::numeric_limits<int32_t>::max())) throw Error("tokenizer: text too long for its graphemes");
  std::vector<size_t> ends;
  for (int32_t end = breaks->next(); end != icu::BreakIterator::DONE; end = breaks->next()) ends.push_back(static_cast<size_t>(end));
  return ends;
}

}  // namespace rolora
