// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tokenizer/unigram.h"

#include <algorithm>
#include <limits>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "core/base/error.h"
#include "core/tokenizer/piece_prefixes.h"
#include "core/tokenizer/utf8.h"

namespace rolora {
namespace {

constexpr double kUnknownPenalty = 10;  // SentencePiece's and the reference library's

class UnigramModel final : public TokenModel {
 public:
  explicit UnigramModel(const JsonObject& json);
  void encode(std::string_view word, std::vector<int64_t>& ids) const override;
  std::optional<int64_t> id_of(std::string_view piece) const override;
  const std::string* piece_of(int64_t id) const override;
  int64_t size() const override { return static_cast<int64_t>(pieces_.size()); }
  int64_t largest_id() const override { return size() - 1; }
  std::string_view name() const override { return "unigram"; }

 private:
  struct Node;
  void index();
  std::vector<Node> best_paths(std::string_view word) const;
  void append(std::string_view token, std::vector<int64_t>& ids) const;
  int64_t unknown_id() const;

  struct ScoredPiece {
    std::string text;  ///< empty: never chosen
    double score;
  };
  std::vector<ScoredPiece> pieces_;
  std::unordered_map<std::string_view, int64_t> ids_;  ///< views into pieces_; of a piece listed twice the later one counts
  PiecePrefixes prefixes_;                             ///< those in ids_, no empty piece
  std::string file_;
  std::optional<int64_t> unknown_;
  double unknown_score_ = 0;
  bool byte_fallback_ = false;
};

/// The best way to spell the word up to one place.
struct UnigramModel::Node {
  double score = 0;
  int64_t id = -1;
  size_t begin = std::string_view::npos;  ///< where the last piece begins; npos: no way leads here
};

UnigramModel::UnigramModel(const JsonObject& json) : file_(json.file()) {
  const Json& vocabulary = json.raw("vocab");
  if (!vocabulary.is_array() || vocabulary.empty()) json.refuse("vocab", "a list of [piece, score]", vocabulary.type_name());
  pieces_.reserve(vocabulary.size());
  for (const Json& entry : vocabulary) {
    const bool good = entry.is_array() && entry.size() == 2 && entry[0].is_string() && entry[1].is_number();
    if (!good) json.refuse("vocab[" + std::to_string(pieces_.size()) + "]", "[piece, score]", printable(entry.dump()));
    pieces_.push_back({entry[0].get<std::string>(), entry[1].get<double>()});
  }
  index();
  if (json.has("unk_id")) unknown_ = json.integer("unk_id", 0, largest_id());
  byte_fallback_ = json.boolean_or("byte_fallback", false);
}

// Fills what is found by a piece's text, and the cost of the unknown.
void UnigramModel::index() {
  double least = std::numeric_limits<double>::infinity();
  for (const ScoredPiece& piece : pieces_) least = std::min(least, piece.score);
  ids_.reserve(pieces_.size());
  for (size_t id = 0; id < pieces_.size(); ++id) ids_[pieces_[id].text] = static_cast<int64_t>(id);
  std::vector<PiecePrefixes::Piece> spelled;
  for (const auto& [text, id] : ids_) {
    if (!text.empty()) spelled.push_back({text, id});
  }
  prefixes_ = PiecePrefixes(std::move(spelled));
  unknown_score_ = least - kUnknownPenalty;
}

std::optional<int64_t> UnigramModel::id_of(std::string_view piece) const {
  const auto entry = ids_.find(piece);
  return entry == ids_.end() ? std::nullopt : std::optional<int64_t>(entry->second);
}

const std::string* UnigramModel::piece_of(int64_t id) const {
  return id < 0 || id >= size() ? nullptr : &pieces_[static_cast<size_t>(id)].text;
}

int64_t UnigramModel::unknown_id() const {
  if (!unknown_) throw InputError(file_, "model.unk_id", "an id, as a character of the text is in no piece", "none");
  return *unknown_;
}

std::vector<UnigramModel::Node> UnigramModel::best_paths(std::string_view word) const {
  std::vector<Node> ends(word.size() + 1);
  for (size_t begin = 0; begin < word.size();) {
    const double here = ends[begin].score;
    const size_t character = character_length(word, begin);
    const auto offer = [&](size_t length, int64_t id, double score) {
      Node& node = ends[begin + length];
      if (node.begin == std::string_view::npos || score > node.score) node = {score, id, begin};  // of equals the earlier one stays
    };
    bool spelled = false;
    prefixes_.for_each(word.substr(begin), [&](size_t length, int64_t id) {
      offer(length, id, pieces_[static_cast<size_t>(id)].score + here);
      spelled = spelled || length == character;
    });
    if (!spelled) offer(character, unknown_id(), unknown_score_ + here);
    begin += character;
  }
  return ends;
}

void UnigramModel::append(std::string_view token, std::vector<int64_t>& ids) const {
  if (const auto id = id_of(token)) {
    ids.push_back(*id);
    return;
  }
  std::vector<int64_t> bytes;
  for (size_t i = 0; byte_fallback_ && i < token.size(); ++i) {
    const auto id = byte_piece(*this, static_cast<uint8_t>(token[i]));
    if (!id) break;
    bytes.push_back(*id);
  }
  if (bytes.size() < token.size()) bytes = {unknown_id()};
  ids.insert(ids.end(), bytes.begin(), bytes.end());
}

void UnigramModel::encode(std::string_view word, std::vector<int64_t>& ids) const {
  if (word.empty()) return;
  const std::vector<Node> ends = best_paths(word);
  std::vector<std::string_view> tokens;  // from the end to the beginning
  bool unknown = false;
  for (size_t end = word.size(); end > 0;) {
    const Node& node = ends[end];
    const bool joins = unknown && unknown_ && node.id == *unknown_;
    if (joins) {
      tokens.back() = word.substr(node.begin, tokens.back().size() + end - node.begin);
    } else {
      tokens.push_back(word.substr(node.begin, end - node.begin));
    }
    unknown = unknown_ && node.id == *unknown_;
    end = node.begin;
  }
  std::reverse(tokens.begin(), tokens.end());
  for (const std::string_view token : tokens) append(token, ids);
}

}  // namespace

std::unique_ptr<const TokenModel> make_unigram_model(const JsonObject& json) { return std::make_unique<UnigramModel>(json); }

}  // namespace rolora
