// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tokenizer/piece_prefixes.h"

#include <utility>

namespace rolora {

PiecePrefixes::PiecePrefixes(std::vector<Piece> pieces) : sorted_(std::move(pieces)) {
  std::sort(sorted_.begin(), sorted_.end(), [](const Piece& a, const Piece& b) { return a.text < b.text; });
  for (const Piece& piece : sorted_) ++first_byte_[static_cast<uint8_t>(piece.text[0]) + size_t{1}];
  for (size_t i = 1; i < first_byte_.size(); ++i) first_byte_[i] += first_byte_[i - 1];
}

}  // namespace rolora
