// SPDX-License-Identifier: GPL-3.0-or-later
// A vocabulary by what a text begins with.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace rolora {

class PiecePrefixes {
 public:
  struct Piece {
    std::string_view text;  ///< not empty, of a string that outlives this
    int64_t id = 0;
  };
  PiecePrefixes() = default;
  explicit PiecePrefixes(std::vector<Piece> pieces);

  /// Calls found(length, id) for every piece that the text (not empty) begins with, the shortest first; O(longest piece · log pieces).
  /// Pieces with a common beginning are neighbours in sorted order: each byte of the text narrows the range.
  template <class Found>
  void for_each(std::string_view text, Found found) const {
    const auto first = static_cast<uint8_t>(text[0]);
    auto low = at(first_byte_[first]), high = at(first_byte_[first + size_t{1}]);
    for (size_t depth = 1; low < high; ++depth) {
      if (low->text.size() == depth) {
        found(depth, low->id);
        ++low;
      }
      if (depth == text.size()) return;
      const auto next = static_cast<uint8_t>(text[depth]);
      const auto byte_of = [&](const Piece& piece) { return static_cast<uint8_t>(piece.text[depth]); };
      low = std::partition_point(low, high, [&](const Piece& piece) { return byte_of(piece) < next; });
      high = std::partition_point(low, high, [&](const Piece& piece) { return byte_of(piece) == next; });
    }
  }

 private:
  std::vector<Piece>::const_iterator at(size_t i) const { return sorted_.begin() + static_cast<std::ptrdiff_t>(i); }
  std::vector<Piece> sorted_;
  std::vector<size_t> first_byte_ = std::vector<size_t>(257);  ///< where in sorted_ the pieces with each first byte begin
};

}  // namespace rolora
