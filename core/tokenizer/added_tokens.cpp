// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tokenizer/added_tokens.h"

#include <algorithm>
#include <limits>

#include "core/base/error.h"
#include "core/tokenizer/unicode.h"
#include "core/tokenizer/utf8.h"

namespace rolora {
namespace {

bool starts_with_word(std::string_view text) {
  size_t position = 0;
  return !text.empty() && is_word(next_code_point(text, position));
}

// Where the last character of a text that is not empty begins.
size_t last_character(std::string_view text) {
  size_t begin = text.size() - 1;
  while ((static_cast<unsigned char>(text[begin]) & 0xC0) == 0x80) --begin;
  return begin;
}

bool ends_with_word(std::string_view text) { return !text.empty() && starts_with_word(text.substr(last_character(text))); }

// Bytes of the text before its trailing white space.
size_t without_trailing_space(std::string_view text) {
  while (!text.empty()) {
    const size_t begin = last_character(text);
    size_t position = begin;
    if (!is_white_space(next_code_point(text, position))) break;
    text = text.substr(0, begin);
  }
  return text.size();
}

size_t leading_space(std::string_view text) {
  for (size_t position = 0; position < text.size();) {
    const size_t begin = position;
    if (!is_white_space(next_code_point(text, position))) return begin;
  }
  return text.size();
}

}  // namespace

bool StringFinder::add(std::string_view text, size_t value) {
  if (text.empty()) return false;
  size_t node = 0;
  for (const char c : text) {
    const auto [entry, added] = nodes_[node].next.emplace(c, nodes_.size());
    node = entry->second;
    if (added) nodes_.emplace_back();
  }
  if (nodes_[node].value != kNoValue) return false;
  nodes_[node].value = value;
  return true;
}

std::vector<StringFinder::Found> StringFinder::find_all(std::string_view text) const {
  std::vector<Found> found;
  for (size_t begin = 0; begin < text.size();) {
    Found longest{begin, begin, kNoValue};
    size_t node = 0;
    for (size_t end = begin; end < text.size(); ++end) {
      const auto entry = nodes_[node].next.find(text[end]);
      if (entry == nodes_[node].next.end()) break;
      node = entry->second;
      if (nodes_[node].value != kNoValue) longest = {begin, end + 1, nodes_[node].value};
    }
    if (longest.end > begin) found.push_back(longest);
    begin = std::max(begin + 1, longest.end);
  }
  return found;
}

AddedTokens::AddedTokens(const JsonObject& root, const TokenModel& model, const Normalizer* normalizer) : largest_id_(model.largest_id()) {
  if (!root.has("added_tokens")) return;
  int64_t next_id = model.size();
  for (const JsonObject& json : root.objects("added_tokens")) next_id = read_token(json, model, normalizer, next_id);
  for (const auto& [id, token] : tokens_) {
    StringFinder& finder = token.normalized ? normalized_ : raw_;
    if (!finder.add(token.matched, static_cast<size_t>(id))) {
      root.refuse("added_tokens", "contents that differ after normalization and are not empty", "\"" + printable(token.content) + "\"");
    }
  }
}

int64_t AddedTokens::read_token(const JsonObject& json, const TokenModel& model, const Normalizer* normalizer, int64_t next_id) {
  AddedToken token;
  token.id = json.integer("id", 0, std::numeric_limits<int32_t>::max());
  token.content = json.string("content");
  token.single_word = json.boolean("single_word");
  token.left_strip = json.boolean("lstrip");
  token.right_strip = json.boolean("rstrip");
  token.normalized = json.boolean("normalized");
  token.special = json.boolean("special");
  if (token.content.empty()) return next_id;  // never matches; the reference library leaves it out too
  std::optional<int64_t> given = id_of(token.content);
  if (!given) given = model.id_of(token.content);
  if (!given) given = next_id++;
  if (token.id != *given) {
    json.refuse("id", std::to_string(*given) + " (its place in or behind the vocabulary)", std::to_string(token.id));
  }
  token.matched = token.content;
  if (token.normalized && normalizer != nullptr) {
    TextPiece piece = whole_text(token.content);
    normalizer->apply(piece);
    token.matched = std::move(piece.text);
  }
  if (token.special) special_.insert(token.content);
  ids_[token.content] = token.id;
  largest_id_ = std::max(largest_id_, token.id);
  tokens_.insert_or_assign(token.id, std::move(token));
  return next_id;
}

// A token may reach over the spaces beside it (lstrip, rstrip). The arithmetic is the reference library's even where two tokens want the
// same spaces.
void AddedTokens::cut(const TextPiece& piece, const StringFinder& finder, std::vector<TextPiece>& out) const {
  const std::string_view text = piece.text;
  size_t covered = 0;
  for (const StringFinder::Found& found : finder.find_all(text)) {
    const AddedToken& token = tokens_.at(static_cast<int64_t>(found.value));
    size_t begin = found.begin, end = found.end;
    if (token.single_word && (ends_with_word(text.substr(0, begin)) || starts_with_word(text.substr(end)))) continue;
    if (token.left_strip) begin = std::max(without_trailing_space(text.substr(0, begin)), covered);
    if (token.right_strip) end += leading_space(text.substr(end));
    if (covered < begin) out.push_back(slice(piece, covered, begin));
    if (begin < end) {  // else the token before it has taken all of it
      TextPiece cut_out;
      cut_out.token = token.id;
      out.push_back(std::move(cut_out));
    }
    covered = end;
  }
  if (covered < text.size()) out.push_back(slice(piece, covered, text.size()));
}

std::vector<TextPiece> AddedTokens::extract(TextPiece text, const Normalizer* normalizer) const {
  std::vector<TextPiece> raw, out;
  cut(text, raw_, raw);
  for (TextPiece& piece : raw) {
    if (piece.token >= 0) {
      out.push_back(std::move(piece));
      continue;
    }
    if (normalizer != nullptr) normalizer->apply(piece);
    cut(piece, normalized_, out);
  }
  return out;
}

const AddedToken* AddedTokens::find(int64_t id) const {
  const auto entry = tokens_.find(id);
  return entry == tokens_.end() ? nullptr : &entry->second;
}

std::optional<int64_t> AddedTokens::id_of(std::string_view content) const {
  const auto entry = ids_.find(content);
  if (entry == ids_.end()) return std::nullopt;
  return entry->second;
}

}  // namespace rolora
