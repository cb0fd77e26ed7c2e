// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tokenizer/sentencepiece_file.h"

#include <bit>
#include <cmath>
#include <cstring>
#include <optional>

#include "core/base/error.h"
#include "core/tokenizer/character_map.h"
#include "core/tokenizer/utf8.h"

namespace rolora {
namespace {

/// The fields of one protocol buffer message.
class Message {
 public:
  Message(std::string_view bytes, const std::string& file, std::string key) : bytes_(bytes), file_(file), key_(std::move(key)) {}

  struct Field {
    uint64_t number = 0;
    std::optional<uint64_t> integer;       ///< varint
    std::optional<uint32_t> word;          ///< 32 bits
    std::optional<std::string_view> text;  ///< length-delimited
  };

  std::optional<Field> next() {
    if (at_ == bytes_.size()) return std::nullopt;
    const uint64_t tag = varint();
    Field field;
    field.number = tag >> 3;
    if (field.number == 0) refuse("field numbers from 1", "0");
    switch (tag & 7) {
      case 0:
        field.integer = varint();
        break;
      case 1:
        take(8);
        break;
      case 2:
        field.text = take(varint());
        break;
      case 5: {
        uint32_t word = 0;
        std::memcpy(&word, take(4).data(), 4);
        field.word = word;
        break;
      }
      default:
        refuse("a protocol buffer", "wire type " + std::to_string(tag & 7));
    }
    return field;
  }

  [[noreturn]] void refuse(std::string_view expected, std::string_view found) const { throw InputError(file_, key_, expected, found); }

 private:
  std::string_view take(uint64_t count) {
    if (count > bytes_.size() - at_)
      refuse(std::to_string(count) + " bytes more", std::to_string(bytes_.size() - at_) + " (cut off or damaged)");
    const std::string_view out = bytes_.substr(at_, count);
    at_ += count;
    return out;
  }

  uint64_t varint() {
    uint64_t value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      const auto byte = static_cast<uint8_t>(take(1)[0]);
      value |= static_cast<uint64_t>(byte & 0x7F) << shift;
      if (byte < 0x80) return value;
    }
    refuse("a number of at most 10 bytes", "more");
  }

  std::string_view bytes_;
  const std::string& file_;
  std::string key_;
  size_t at_ = 0;
};

PieceType check_piece(std::string_view bytes, const std::string& file, int64_t index) {
  Message piece(bytes, file, "pieces[" + std::to_string(index) + "]");
  bool named = false;
  uint64_t type = 1;  // the schema's default
  while (const auto field = piece.next()) {
    if (field->number == 1) {
      if (!field->text || field->text->empty() || !is_valid_utf8(*field->text))
        piece.refuse("a text in UTF-8 that is not empty", "something else");
      // The library's trie ends its keys at one, and throws where nothing is left.
      if (field->text->find('\0') != std::string_view::npos) piece.refuse("a text without NUL bytes", printable(*field->text));
      named = true;
    } else if (field->number == 2) {
      if (!field->word || !std::isfinite(std::bit_cast<float>(*field->word))) piece.refuse("a finite score", "something else");
    } else if (field->number == 3) {
      if (!field->integer || *field->integer < 1 || *field->integer > 6) piece.refuse("a piece type from 1 to 6", "something else");
      type = *field->integer;
    }
  }
  if (!named) piece.refuse("a text", "none");
  return static_cast<PieceType>(type);
}

SentencePieceType read_type(std::string_view bytes, const std::string& file) {
  Message spec(bytes, file, "trainer_spec");
  uint64_t type = 1;  // the schema's default
  while (const auto field = spec.next()) {
    if (field->number == 3 && field->integer) type = *field->integer;
  }
  if (type < 1 || type > 4) spec.refuse("model type 1 (unigram), 2 (BPE), 3 (word) or 4 (character)", std::to_string(type));
  return static_cast<SentencePieceType>(type);
}

void check_normalizer(std::string_view bytes, const std::string& file, const char* key) {
  Message spec(bytes, file, key);
  while (const auto field = spec.next()) {
    if (field->number != 2) continue;
    if (const auto damage = find_map_damage(field->text.value_or(""))) spec.refuse(damage->expected, damage->found);
  }
}

}  // namespace

std::string_view name_of(SentencePieceType type) {
  switch (type) {
    case SentencePieceType::unigram:
      return "unigram";
    case SentencePieceType::bpe:
      return "bpe";
    case SentencePieceType::word:
      return "word";
    case SentencePieceType::character:
      return "character";
  }
  return "unknown";
}

SentencePieceSummary check_sentencepiece_model(std::string_view bytes, const std::string& file) {
  SentencePieceSummary summary;
  Message model(bytes, file, "model");
  bool trainer = false, normalizer = false;
  while (const auto field = model.next()) {
    if (field->number < 1 || field->number > 5) continue;
    if (!field->text) model.refuse("a SentencePiece model", "a field " + std::to_string(field->number) + " that is no message");
    switch (field->number) {
      case 1:
        summary.types.push_back(check_piece(*field->text, file, summary.pieces++));
        break;
      case 2:
        summary.type = read_type(*field->text, file), trainer = true;
        break;
      case 3:
        check_normalizer(*field->text, file, "normalizer_spec"), normalizer = true;
        break;
      case 5:
        check_normalizer(*field->text, file, "denormalizer_spec");
        break;
      default:
        break;
    }
  }
  if (summary.pieces == 0) throw InputError(file, "pieces", "a vocabulary", "none");
  if (!trainer) throw InputError(file, "trainer_spec", "the model's type", "none (cut off?)");
  if (!normalizer) throw InputError(file, "normalizer_spec", "a normalizer", "none (cut off?)");
  return summary;
}

}  // namespace rolora
