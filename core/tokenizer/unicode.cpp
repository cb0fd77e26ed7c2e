// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tokenizer/unicode.h"

#include <unicode/bytestream.h>
#include <unicode/normalizer2.h>
#include <unicode/uchar.h>

#include <limits>

#include "core/base/error.h"
#include "core/tokenizer/new_characters.h"
#include "core/tokenizer/utf8.h"

namespace rolora {
namespace {

uint32_t category_mask(char32_t c) { return U_MASK(u_charType(static_cast<UChar32>(stand_in(c)))); }

}  // namespace

bool is_white_space(char32_t c) { return u_hasBinaryProperty(static_cast<UChar32>(c), UCHAR_WHITE_SPACE) != 0; }

bool is_word(char32_t c) {
  if ((category_mask(c) & (U_GC_M_MASK | U_GC_ND_MASK | U_GC_PC_MASK)) != 0) return true;
  const auto known = static_cast<UChar32>(stand_in(c));
  return u_hasBinaryProperty(known, UCHAR_ALPHABETIC) != 0 || u_hasBinaryProperty(known, UCHAR_JOIN_CONTROL) != 0;
}

bool is_numeric(char32_t c) { return (category_mask(c) & U_GC_N_MASK) != 0; }

bool is_punctuation(char32_t c) {
  const bool ascii = (c >= 0x21 && c <= 0x2F) || (c >= 0x3A && c <= 0x40) || (c >= 0x5B && c <= 0x60) || (c >= 0x7B && c <= 0x7E);
  return ascii || (category_mask(c) & U_GC_P_MASK) != 0;
}

bool is_combining_mark(char32_t c) { return (category_mask(c) & U_GC_M_MASK) != 0; }

std::string normal_form(std::string_view text, NormalForm form) {
  if (text.size() > static_cast<size_t>(std::numeric_limits<int32_t>::max()))
    throw Error("tokenizer: text too long for Unicode normalization");
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
  std::string out;
  icu::StringByteSink<std::string> sink(&out);
  if (U_SUCCESS(status))
    normalizer->normalizeUTF8(0, icu::StringPiece(text.data(), static_cast<int32_t>(text.size())), sink, nullptr, status);
  if (U_FAILURE(status)) throw Error(std::string("ICU: Unicode normalization failed: ") + u_errorName(status));
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
      append_utf8(out, static_cast<char32_t>(u_tolower(static_cast<UChar32>(c))));
    }
  }
  return out;
}

}  // namespace rolora
