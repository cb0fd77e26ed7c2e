// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tokenizer/bpe.h"

#include <algorithm>
#include <limits>

#include "core/base/error.h"
#include "core/tokenizer/utf8.h"

namespace rolora {
namespace {

constexpr int64_t kLargestId = std::numeric_limits<int32_t>::max();

std::string kind_of(const Json& value) {
  return value.is_string() ? "\"" + printable(value.get_ref<const std::string&>()) + "\"" : value.type_name();
}

}  // namespace

struct BpeModel::Word {
  std::vector<MergeSymbol> symbols;
  bool unknown_pending = false;  ///< an unknown character (or a fused run of them) waits to be added
  void add(uint32_t id) { append_symbol(symbols, id); }
};

BpeModel::BpeModel(const JsonObject& json) : file_(json.file()) {
  if (json.has("dropout") && json.number("dropout") != 0) json.refuse("dropout", "null (ids must be repeatable)", "a probability");
  has_unknown_ = json.has("unk_token");
  unknown_ = json.string_or("unk_token", "");
  prefix_ = json.string_or("continuing_subword_prefix", "");
  suffix_ = json.string_or("end_of_word_suffix", "");
  fuse_unknown_ = json.boolean_or("fuse_unk", false);
  byte_fallback_ = json.boolean_or("byte_fallback", false);
  ignore_merges_ = json.boolean_or("ignore_merges", false);
  read_vocabulary(json);
  read_merges(json);
}

void BpeModel::read_vocabulary(const JsonObject& json) {
  const Json& vocabulary = json.raw("vocab");
  if (!vocabulary.is_object() || vocabulary.empty()) json.refuse("vocab", "an object of pieces and ids", kind_of(vocabulary));
  vocabulary_.reserve(vocabulary.size());
  pieces_.reserve(vocabulary.size());
  for (const auto& [piece, id] : vocabulary.items()) {
    const std::string key = "vocab." + printable(piece);
    if (!id.is_number_integer() || id.get<int64_t>() < 0 || id.get<int64_t>() > kLargestId ||
        (id.is_number_unsigned() && id.get<uint64_t>() > kLargestId)) {
      json.refuse(key, "an integer from 0 to 2147483647", printable(id.dump()));
    }
    const auto value = id.get<uint32_t>();
    const auto [entry, added] = vocabulary_.emplace(piece, value);
    if (!pieces_.emplace(value, &entry->first).second)
      json.refuse(key, "an id of its own", std::to_string(value) + ", which another piece has");
    largest_id_ = std::max<int64_t>(largest_id_, value);
  }
}

void BpeModel::read_merges(const JsonObject& json) {
  const Json& merges = json.raw("merges");
  if (!merges.is_array()) json.refuse("merges", "a list", kind_of(merges));
  merges_.reserve(merges.size());
  uint32_t rank = 0;
  for (size_t i = 0; i < merges.size(); ++i) {
    const Json& merge = merges[i];
    const std::string key = "merges[" + std::to_string(i) + "]";
    if (merge.type() != merges[0].type()) json.refuse(key, "the form of the first merge", kind_of(merge));
    if (merge.is_array() && merge.size() == 2 && merge[0].is_string() && merge[1].is_string()) {
      add_merge(json, key, merge[0].get_ref<const std::string&>(), merge[1].get_ref<const std::string&>(), rank++);
      continue;
    }
    if (!merge.is_string()) json.refuse(key, "\"left right\" or [\"left\", \"right\"]", kind_of(merge));
    const std::string_view line = merge.get_ref<const std::string&>();
    if (line.starts_with("#version")) continue;
    const size_t space = line.find(' ');
    if (space == std::string_view::npos || line.find(' ', space + 1) != std::string_view::npos) {
      json.refuse(key, "two pieces with one space between them", kind_of(merge));
    }
    add_merge(json, key, line.substr(0, space), line.substr(space + 1), rank++);
  }
}

void BpeModel::add_merge(const JsonObject& json, const std::string& key, std::string_view left, std::string_view right, uint32_t rank) {
  if (right.size() < prefix_.size()) json.refuse(key, "a right piece with the continuing_subword_prefix", "\"" + printable(right) + "\"");
  const std::string merged = std::string(left) + std::string(right.substr(prefix_.size()));
  uint32_t ids[3];
  const std::string_view pieces[3] = {left, right, merged};
  for (int i = 0; i < 3; ++i) {
    const auto entry = vocabulary_.find(pieces[i]);
    if (entry == vocabulary_.end()) json.refuse(key, "pieces of the vocabulary", "\"" + printable(pieces[i]) + "\", which is not in it");
    ids[i] = entry->second;
  }
  merges_[(uint64_t{ids[0]} << 32) | ids[1]] = {rank, ids[2]};  // of a pair listed twice the later one counts, as in the reference library
}

std::optional<int64_t> BpeModel::id_of(std::string_view piece) const {
  const auto entry = vocabulary_.find(piece);
  if (entry == vocabulary_.end()) return std::nullopt;
  return entry->second;
}

const std::string* BpeModel::piece_of(int64_t id) const {
  if (id < 0 || id > kLargestId) return nullptr;
  const auto entry = pieces_.find(static_cast<uint32_t>(id));
  return entry == pieces_.end() ? nullptr : entry->second;
}

uint32_t BpeModel::unknown_id() const {
  const auto entry = vocabulary_.find(unknown_);
  if (entry == vocabulary_.end())
    throw InputError(file_, "model.unk_token", "a piece of the vocabulary", "\"" + printable(unknown_) + "\"");
  return entry->second;
}

bool BpeModel::add_bytes(std::string_view character, Word& word) const {
  std::vector<uint32_t> ids;
  for (const char c : character) {
    const auto id = byte_piece(*this, static_cast<uint8_t>(c));
    if (!id) return false;
    ids.push_back(static_cast<uint32_t>(*id));
  }
  for (const uint32_t id : ids) word.add(id);
  return true;
}

// An unknown character is added only when the next known one comes, so that runs can be fused; bytes of the fallback do not wait for it.
// That order is the reference library's.
void BpeModel::add_characters(std::string_view text, Word& word) const {
  for (size_t position = 0; position < text.size();) {
    const size_t begin = position;
    position += character_length(text, position);
    std::string_view character = text.substr(begin, position - begin);
    std::string affixed;
    if ((begin > 0 && !prefix_.empty()) || (position == text.size() && !suffix_.empty())) {
      affixed = (begin > 0 ? prefix_ : "") + std::string(character) + (position == text.size() ? suffix_ : "");
      character = affixed;
    }
    const auto entry = vocabulary_.find(character);
    if (entry != vocabulary_.end()) {
      if (word.unknown_pending) word.add(unknown_id());
      word.unknown_pending = false;
      word.add(entry->second);
    } else if (!(byte_fallback_ && add_bytes(character, word)) && has_unknown_) {
      const uint32_t id = unknown_id();
      if (word.unknown_pending && !fuse_unknown_) word.add(id);
      word.unknown_pending = true;
    }
  }
  if (word.unknown_pending) word.add(unknown_id());
}

std::optional<Merge> BpeModel::merge_of(uint32_t left, uint32_t right) const {
  const auto entry = merges_.find((uint64_t{left} << 32) | right);
  return entry == merges_.end() ? std::nullopt : std::optional<Merge>(entry->second);
}

void BpeModel::encode(std::string_view word, std::vector<int64_t>& ids) const {
  if (word.empty()) return;
  if (word.size() > static_cast<size_t>(kLargestId)) throw Error("tokenizer: a word of more than 2 GiB cannot be encoded");
  if (ignore_merges_) {
    if (const auto id = id_of(word)) {
      ids.push_back(*id);
      return;
    }
  }
  Word parts;
  parts.symbols.reserve(word.size());
  add_characters(word, parts);
  merge_symbols(parts.symbols, [&](int32_t left, int32_t right) {
    return merge_of(parts.symbols[static_cast<size_t>(left)].id, parts.symbols[static_cast<size_t>(right)].id);
  });
  for (const MergeSymbol& symbol : parts.symbols) {
    if (!symbol.removed) ids.push_back(symbol.id);
  }
}

}  // namespace rolora
