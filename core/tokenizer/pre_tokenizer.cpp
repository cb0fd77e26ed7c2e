// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tokenizer/pre_tokenizer.h"

#include "core/base/error.h"
#include "core/tokenizer/byte_level.h"
#include "core/tokenizer/normalizer.h"
#include "core/tokenizer/unicode.h"
#include "core/tokenizer/utf8.h"

namespace rolora {
namespace {

// The splitting rule of GPT-2 (Radford et al. 2019), which ByteLevel applies unless use_regex is false.
constexpr std::string_view kGpt2Words = R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)";

class SequencePreTokenizer final : public PreTokenizer {
 public:
  explicit SequencePreTokenizer(const JsonObject& json) {
    for (const JsonObject& part : json.objects("pretokenizers")) parts_.push_back(make_pre_tokenizer(part));
  }
  void split(TextPiece piece, std::vector<TextPiece>& out) const override {
    std::vector<TextPiece> pieces;
    pieces.push_back(std::move(piece));
    for (const auto& part : parts_) {
      std::vector<TextPiece> next;
      for (TextPiece& each : pieces) part->split(std::move(each), next);
      pieces = std::move(next);
    }
    for (TextPiece& each : pieces) out.push_back(std::move(each));
  }

 private:
  std::vector<std::unique_ptr<const PreTokenizer>> parts_;
};

class ByteLevelPreTokenizer final : public PreTokenizer {
 public:
  explicit ByteLevelPreTokenizer(const JsonObject& json)
      : prefix_space_(json.boolean("add_prefix_space")), split_(json.boolean_or("use_regex", true)), words_(Pattern::regex(kGpt2Words)) {}
  void split(TextPiece piece, std::vector<TextPiece>& out) const override {
    if (prefix_space_ && !piece.text.starts_with(' ')) prepend(piece, " ");
    const size_t first = out.size();
    if (split_) {
      split_piece(piece, words_.spans(piece.text), SplitBehavior::isolated, out);
    } else {
      out.push_back(std::move(piece));
    }
    for (size_t i = first; i < out.size(); ++i) {
      out[i].first_bytes = to_byte_level(std::string_view(out[i].text).substr(0, out[i].first_bytes)).size();
      out[i].text = to_byte_level(out[i].text);
    }
  }

 private:
  bool prefix_space_, split_;
  Pattern words_;
};

class MetaspacePreTokenizer final : public PreTokenizer {
 public:
  explicit MetaspacePreTokenizer(const JsonObject& json)
      : settings_(read_metaspace(json)),
        split_(json.boolean_or("split", true)),
        space_(Pattern::literal(" ")),
        mark_(Pattern::literal(settings_.replacement)) {}
  void split(TextPiece piece, std::vector<TextPiece>& out) const override {
    replace_matches(piece, space_.spans(piece.text), settings_.replacement);
    using Prepend = MetaspaceSettings::Prepend;
    const bool wanted = settings_.prepend == Prepend::always || (settings_.prepend == Prepend::first && piece.at_start);
    if (wanted && !piece.text.starts_with(settings_.replacement)) prepend(piece, settings_.replacement);
    if (split_) {
      split_piece(piece, mark_.spans(piece.text), SplitBehavior::merged_with_next, out);
    } else {
      out.push_back(std::move(piece));
    }
  }

 private:
  MetaspaceSettings settings_;
  bool split_;
  Pattern space_, mark_;
};

SplitBehavior read_behavior(const JsonObject& json, std::string_view key) {
  const std::string name = json.string(key);
  if (name == "Removed") return SplitBehavior::removed;
  if (name == "Isolated") return SplitBehavior::isolated;
  if (name == "MergedWithPrevious") return SplitBehavior::merged_with_previous;
  if (name == "MergedWithNext") return SplitBehavior::merged_with_next;
  if (name == "Contiguous") return SplitBehavior::contiguous;
  json.refuse(key, "Removed, Isolated, MergedWithPrevious, MergedWithNext or Contiguous", printable(name));
}

class PatternPreTokenizer final : public PreTokenizer {
 public:
  PatternPreTokenizer(Pattern pattern, bool inverted, SplitBehavior behavior)
      : pattern_(std::move(pattern)), inverted_(inverted), behavior_(behavior) {}
  void split(TextPiece piece, std::vector<TextPiece>& out) const override {
    std::vector<Span> spans = pattern_.spans(piece.text);
    if (inverted_) invert(spans);
    split_piece(piece, std::move(spans), behavior_, out);
  }

 private:
  Pattern pattern_;
  bool inverted_;
  SplitBehavior behavior_;
};

class CharacterPreTokenizer final : public PreTokenizer {
 public:
  CharacterPreTokenizer(bool (*predicate)(char32_t), SplitBehavior behavior) : predicate_(predicate), behavior_(behavior) {}
  void split(TextPiece piece, std::vector<TextPiece>& out) const override {
    split_piece(piece, spans_of_characters(piece.text, predicate_), behavior_, out);
  }

 private:
  bool (*predicate_)(char32_t);
  SplitBehavior behavior_;
};

/// Runs of word characters, and runs of what is neither word nor space; spaces go.
class WhitespacePreTokenizer final : public PreTokenizer {
 public:
  void split(TextPiece piece, std::vector<TextPiece>& out) const override {
    enum class Kind { space, word, other };
    const auto kind_of = [](char32_t c) { return is_word(c) ? Kind::word : is_white_space(c) ? Kind::space : Kind::other; };
    Kind current = Kind::space;
    size_t begin = 0, position = 0;
    const auto finish = [&](size_t end) {
      if (current != Kind::space && begin < end) out.push_back(slice(piece, begin, end));
    };
    while (position < piece.text.size()) {
      const size_t start = position;
      const Kind kind = kind_of(next_code_point(piece.text, position));
      if (kind == current) continue;
      finish(start);
      begin = start;
      current = kind;
    }
    finish(piece.text.size());
  }
};

std::unique_ptr<const PreTokenizer> make_split(const JsonObject& json) {
  const bool inverted = json.boolean("invert");
  return std::make_unique<PatternPreTokenizer>(read_pattern(json), inverted, read_behavior(json, "behavior"));
}

/// BertPreTokenizer: spaces go, punctuation marks stand alone.
class WordsAndMarksPreTokenizer final : public PreTokenizer {
 public:
  void split(TextPiece piece, std::vector<TextPiece>& out) const override {
    std::vector<TextPiece> words;
    split_piece(piece, spans_of_characters(piece.text, is_white_space), SplitBehavior::removed, words);
    for (const TextPiece& word : words) split_piece(word, spans_of_characters(word.text, is_punctuation), SplitBehavior::isolated, out);
  }
};

}  // namespace

MetaspaceSettings read_metaspace(const JsonObject& json) {
  MetaspaceSettings settings;
  settings.replacement = json.string("replacement");
  if (settings.replacement.empty() || character_length(settings.replacement, 0) != settings.replacement.size()) {
    json.refuse("replacement", "one character", "\"" + printable(settings.replacement) + "\"");
  }
  const bool prefix_space = json.boolean_or("add_prefix_space", true);
  const std::string scheme = json.string_or("prepend_scheme", prefix_space ? "always" : "never");
  if (scheme == "always") {
    settings.prepend = MetaspaceSettings::Prepend::always;
  } else if (scheme == "first") {
    settings.prepend = MetaspaceSettings::Prepend::first;
  } else if (scheme == "never") {
    settings.prepend = MetaspaceSettings::Prepend::never;
  } else {
    json.refuse("prepend_scheme", "always, first or never", printable(scheme));
  }
  if (!prefix_space && scheme != "never") json.refuse("prepend_scheme", "never, as add_prefix_space is false", printable(scheme));
  return settings;
}

std::unique_ptr<const PreTokenizer> make_pre_tokenizer(const JsonObject& json) {
  const std::string type = json.string("type");
  const auto characters = [](bool (*predicate)(char32_t), SplitBehavior behavior) {
    return std::make_unique<CharacterPreTokenizer>(predicate, behavior);
  };
  if (type == "Sequence") return std::make_unique<SequencePreTokenizer>(json);
  if (type == "ByteLevel") return std::make_unique<ByteLevelPreTokenizer>(json);
  if (type == "Metaspace") return std::make_unique<MetaspacePreTokenizer>(json);
  if (type == "Split") return make_split(json);
  if (type == "Digits")
    return characters(is_numeric, json.boolean("individual_digits") ? SplitBehavior::isolated : SplitBehavior::contiguous);
  if (type == "Whitespace") return std::make_unique<WhitespacePreTokenizer>();
  if (type == "WhitespaceSplit") return characters(is_white_space, SplitBehavior::removed);
  if (type == "Punctuation")
    return characters(is_punctuation, json.has("behavior") ? read_behavior(json, "behavior") : SplitBehavior::isolated);
  if (type == "BertPreTokenizer") return std::make_unique<WordsAndMarksPreTokenizer>();
  json.refuse("type", "Sequence, ByteLevel, Metaspace, Split, Digits, Whitespace, WhitespaceSplit, Punctuation or BertPreTokenizer",
              printable(type));
}

}  // namespace rolora
