// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tokenizer/sentencepiece_unigram.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <utility>

#include "core/tokenizer/utf8.h"

namespace rolora {
namespace {

constexpr float kUnknownPenalty = 10;
constexpr float kLargestSum = 100000;  // beyond it the library takes the sum so far off every open path
constexpr double kUserDefinedScore = 0.1;

// "<0x0A>" → 10; the file's check knows the form.
uint8_t byte_of_piece(std::string_view text) {
  uint8_t value = 0;
  if (text.size() == 6) std::from_chars(text.data() + 3, text.data() + 5, value, 16);
  return value;
}

}  // namespace

/// The best way to spell the text up to one place.
struct SentencePieceUnigram::Node {
  float score = 0;
  int64_t id = -1;
  size_t begin = std::string_view::npos;  ///< where the last piece begins; npos: no way leads here
};

SentencePieceUnigram::SentencePieceUnigram(std::vector<Piece> pieces, int64_t unknown) : pieces_(std::move(pieces)), unknown_(unknown) {
  float least = std::numeric_limits<float>::max();
  std::vector<PiecePrefixes::Piece> spelled;
  bytes_of_pieces_.resize(pieces_.size());
  for (size_t i = 0; i < pieces_.size(); ++i) {
    const Piece& piece = pieces_[i];
    const auto id = static_cast<int64_t>(i);
    if (piece.type == PieceType::normal) least = std::min(least, piece.score);
    if (piece.type == PieceType::normal || piece.type == PieceType::user_defined) spelled.push_back({piece.text, id});
    if (piece.type != PieceType::byte) continue;
    bytes_of_pieces_[i] = byte_of_piece(piece.text);
    if (byte_ids_.empty()) byte_ids_.assign(256, unknown);
    byte_ids_[bytes_of_pieces_[i]] = id;
  }
  prefixes_ = PiecePrefixes(std::move(spelled));
  unknown_score_ = least - kUnknownPenalty;
}

// What a user has defined comes before everything of the same length.
float SentencePieceUnigram::score_of(int64_t id, size_t length) const {
  const Piece& piece = pieces_[static_cast<size_t>(id)];
  return piece.type == PieceType::user_defined ? static_cast<float>(kUserDefinedScore * (static_cast<double>(length) - 1)) : piece.score;
}

std::vector<SentencePieceUnigram::Node> SentencePieceUnigram::best_paths(std::string_view text) const {
  std::vector<Node> ends(text.size() + 1);
  size_t farthest = 0;
  for (size_t begin = 0; begin < text.size();) {
    float here = ends[begin].score;
    if (std::fabs(here) > kLargestSum) {
      for (size_t i = begin; i <= farthest; ++i) {
        if (i == begin || ends[i].begin != std::string_view::npos) ends[i].score -= here;
      }
      here = 0;
    }
    const size_t character = character_length(text, begin);
    const auto offer = [&](size_t length, int64_t id, float score) {
      Node& node = ends[begin + length];
      farthest = std::max(farthest, begin + length);
      const float sum = score + here;
      if (node.begin == std::string_view::npos || sum > node.score) node = {sum, id, begin};  // of equals the earlier one stays
    };
    bool spelled = false;
    prefixes_.for_each(text.substr(begin), [&](size_t length, int64_t id) {
      offer(length, id, score_of(id, length));
      spelled = spelled || length == character;
    });
    if (!spelled) offer(character, unknown_, unknown_score_);
    begin += character;
  }
  return ends;
}

// Neighbouring unknown characters are one id, bytes one each.
void SentencePieceUnigram::append_unknown(std::string_view text, std::vector<int64_t>& ids) const {
  if (byte_ids_.empty()) {
    ids.push_back(unknown_);
    return;
  }
  for (const char byte : text) ids.push_back(byte_ids_[static_cast<uint8_t>(byte)]);
}

void SentencePieceUnigram::encode(std::string_view normalized, std::vector<int64_t>& ids) const {
  const std::vector<Node> ends = best_paths(normalized);
  std::vector<size_t> path;  // where pieces end, from the last to the first
  for (size_t end = normalized.size(); end > 0; end = ends[end].begin) path.push_back(end);
  bool after_unknown = false;
  for (auto end = path.rbegin(); end != path.rend(); ++end) {
    const Node& node = ends[*end];
    const bool unknown = node.id == unknown_;
    if (!unknown) {
      ids.push_back(node.id);
    } else if (!after_unknown || !byte_ids_.empty()) {
      append_unknown(normalized.substr(node.begin, *end - node.begin), ids);
    }
    after_unknown = unknown;
  }
}

}  // namespace rolora
