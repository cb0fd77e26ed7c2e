// SPDX-License-Identifier: GPL-3.0-or-later
// SentencePiece's compiled character map (`precompiled_charsmap`): what a normalizer makes of characters and short runs of them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rolora {

/// What a map's bytes should be and what they are instead.
struct MapDamage {
  const char *expected, *found;
};

/// Layout: size of the trie in bytes (32 bits), a double array (Darts) of 32-bit units, strings that end in zeros. Every unit that a search
/// can reach must have its 256 possible children, and every value its string, inside. Nothing when all is well (an empty map is).
std::optional<MapDamage> find_map_damage(std::string_view map);

/// A map without damage that is not empty.
class CharacterMap {
 public:
  explicit CharacterMap(std::string_view map);
  /// What stands in the map for the shortest beginning of the text that is in it.
  std::optional<std::string_view> shortest(std::string_view text) const;

 private:
  std::vector<uint32_t> units_;
  std::string strings_;
};

}  // namespace rolora
