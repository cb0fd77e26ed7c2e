// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tokenizer/normalizer.h"

#include <algorithm>
#include <functional>
#include <optional>

#include "core/base/error.h"
#include "core/tokenizer/base64.h"
#include "core/tokenizer/byte_level.h"
#include "core/tokenizer/character_map.h"
#include "core/tokenizer/unicode.h"
#include "core/tokenizer/utf8.h"

namespace rolora {
namespace {

class SequenceNormalizer final : public Normalizer {
 public:
  explicit SequenceNormalizer(const JsonObject& json) {
    for (const JsonObject& part : json.objects("normalizers")) parts_.push_back(make_normalizer(part));
  }
  void apply(TextPiece& piece) const override {
    for (const auto& part : parts_) part->apply(piece);
  }

 private:
  std::vector<std::unique_ptr<const Normalizer>> parts_;
};

class PrependNormalizer final : public Normalizer {
 public:
  explicit PrependNormalizer(const JsonObject& json) : text_(json.string("prepend")) {}
  void apply(TextPiece& piece) const override {
    if (!piece.text.empty()) prepend(piece, text_);
  }

 private:
  std::string text_;
};

class ReplaceNormalizer final : public Normalizer {
 public:
  explicit ReplaceNormalizer(const JsonObject& json) : pattern_(read_pattern(json)), content_(json.string("content")) {}
  void apply(TextPiece& piece) const override { replace_matches(piece, pattern_.spans(piece.text), content_); }

 private:
  Pattern pattern_;
  std::string content_;
};

class StripNormalizer final : public Normalizer {
 public:
  explicit StripNormalizer(const JsonObject& json) : left_(json.boolean("strip_left")), right_(json.boolean("strip_right")) {}
  void apply(TextPiece& piece) const override {
    size_t begin = piece.text.size(), end = 0, first_end = 0;  // [begin, end): from the first to the last character that is no space
    for (size_t position = 0; position < piece.text.size();) {
      const size_t start = position;
      if (is_white_space(next_code_point(piece.text, position))) continue;
      begin = std::min(begin, start);
      end = position;
    }
    if (!left_) begin = 0;
    if (!right_) end = piece.text.size();
    begin = std::min(begin, end);
    first_end = std::clamp(piece.first_bytes, begin, end);
    piece.text = piece.text.substr(begin, end - begin);
    piece.first_bytes = first_end - begin;
  }

 private:
  bool left_, right_;
};

/// Maps the text as a whole; what stands for the first original character is what the same characters alone become.
class MappingNormalizer final : public Normalizer {
 public:
  /// What a map that drops the first characters does to the origin of the next: `passes_on`, that one stands for the first from then on.
  explicit MappingNormalizer(std::function<std::string(std::string_view)> map, bool passes_on = false)
      : map_(std::move(map)), passes_on_(passes_on) {}
  void apply(TextPiece& piece) const override {
    std::string mapped = map_(piece.text);
    const size_t first = next_boundary(piece.text, piece.first_bytes);
    size_t stands = std::min(mapped.size(), map_(std::string_view(piece.text).substr(0, first)).size());
    if (stands == 0 && passes_on_) stands = std::min<size_t>(1, mapped.size());
    piece.first_bytes = next_boundary(mapped, stands);
    piece.text = std::move(mapped);
  }

 private:
  std::function<std::string(std::string_view)> map_;
  bool passes_on_;
};

template <NormalForm Form>
std::string to_form(std::string_view text) {
  return normal_form(text, Form);
}

// Keeps the characters for which `map` gives one (0 drops; U+0000 itself is kept).
template <char32_t (*Map)(char32_t)>
std::string map_characters(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (size_t position = 0; position < text.size();) {
    const char32_t c = next_code_point(text, position);
    const char32_t mapped = Map(c);
    if (mapped != 0 || c == 0) append_utf8(out, mapped);
  }
  return out;
}

// The cleaning of Google's neural machine translation: control characters go, unusual spaces become spaces.
char32_t nmt_character(char32_t c) {
  const bool control = (c >= 1 && c <= 8) || c == 0xB || (c >= 0xE && c <= 0x1F) || c == 0x7F || c == 0x8F || c == 0x9F;
  if (control) return 0;
  const bool space = c == 9 || c == 0xA || c == 0xC || c == 0xD || c == 0x1680 || (c >= 0x200B && c <= 0x200F) || c == 0x2028 ||
                     c == 0x2029 || c == 0x2581 || c == 0xFEFF || c == 0xFFFD;
  return space ? U' ' : c;
}

// SentencePiece's map as the reference library applies it: to each grapheme shorter than six bytes as a whole, which its shortest beginning
// in the map decides; where that is not in the map, and for longer ones, to each character.
std::string apply_map(const CharacterMap& map, std::string_view text) {
  std::string out;
  out.reserve(text.size());
  size_t begin = 0;
  for (const size_t end : grapheme_ends(text)) {
    const std::string_view grapheme = text.substr(begin, end - begin);
    begin = end;
    if (const auto whole = grapheme.size() < 6 ? map.shortest(grapheme) : std::nullopt) {
      out += *whole;
      continue;
    }
    for (size_t position = 0; position < grapheme.size();) {
      const std::string_view character = grapheme.substr(position, character_length(grapheme, position));
      out += map.shortest(character).value_or(character);
      position += character.size();
    }
  }
  return out;
}

std::function<std::string(std::string_view)> precompiled_map(const JsonObject& json) {
  const std::optional<std::string> bytes = from_base64(json.string("precompiled_charsmap"));
  if (!bytes || bytes->empty()) json.refuse("precompiled_charsmap", "a character map in base64", bytes ? "none" : "something else");
  if (const auto damage = find_map_damage(*bytes)) json.refuse("precompiled_charsmap", damage->expected, damage->found);
  return [map = CharacterMap(*bytes)](std::string_view text) { return apply_map(map, text); };
}

}  // namespace

Pattern read_pattern(const JsonObject& json) {
  const JsonObject pattern = json.object("pattern");
  if (pattern.has("String")) return Pattern::literal(pattern.string("String"));
  try {
    return Pattern::regex(pattern.string("Regex"));
  } catch (const RegexError& e) {
    pattern.refuse("Regex", "a regular expression that can be translated to PCRE2", "one that cannot: " + std::string(e.what()));
  }
}

std::unique_ptr<const Normalizer> make_normalizer(const JsonObject& json) {
  const std::string type = json.string("type");
  const auto mapping = [](auto map) { return std::make_unique<MappingNormalizer>(std::move(map)); };
  if (type == "Sequence") return std::make_unique<SequenceNormalizer>(json);
  if (type == "Prepend") return std::make_unique<PrependNormalizer>(json);
  if (type == "Replace") return std::make_unique<ReplaceNormalizer>(json);
  if (type == "Strip") return std::make_unique<StripNormalizer>(json);
  if (type == "NFC") return mapping(to_form<NormalForm::nfc>);
  if (type == "NFD") return mapping(to_form<NormalForm::nfd>);
  if (type == "NFKC") return mapping(to_form<NormalForm::nfkc>);
  if (type == "NFKD") return mapping(to_form<NormalForm::nfkd>);
  if (type == "Lowercase") return mapping(lower_case);
  if (type == "Nmt") return mapping(map_characters<nmt_character>);
  if (type == "ByteLevel") return mapping(to_byte_level);
  if (type == "Precompiled") return std::make_unique<MappingNormalizer>(precompiled_map(json), /*passes_on=*/true);
  json.refuse("type", "Sequence, Prepend, Replace, Strip, NFC, NFD, NFKC, NFKD, Lowercase, Nmt, ByteLevel or Precompiled", printable(type));
}

}  // namespace rolora
