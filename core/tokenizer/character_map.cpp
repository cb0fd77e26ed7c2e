// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tokenizer/character_map.h"

#include <cstring>

#include "core/tokenizer/utf8.h"

namespace rolora {
namespace {

// Fields of a unit (Darts-clone's double array).
size_t offset(uint32_t unit) { return size_t{unit >> 10} << ((unit & (1u << 9)) >> 6); }
bool has_value(uint32_t unit) { return ((unit >> 8) & 1) != 0; }
uint32_t label(uint32_t unit) { return unit & 0x800000FF; }
uint32_t value(uint32_t unit) { return unit & 0x7FFFFFFF; }

uint32_t trie_size(std::string_view map) {
  uint32_t bytes = 0;
  std::memcpy(&bytes, map.data(), sizeof bytes);
  return bytes;
}

std::vector<uint32_t> trie_of(std::string_view map) {
  std::vector<uint32_t> units(trie_size(map) / sizeof(uint32_t));
  std::memcpy(units.data(), map.data() + sizeof(uint32_t), units.size() * sizeof(uint32_t));
  return units;
}

}  // namespace

std::optional<MapDamage> find_map_damage(std::string_view map) {
  if (map.empty()) return std::nullopt;
  constexpr MapDamage sizes = {"a character map of whole parts", "damaged sizes"};
  if (map.size() <= sizeof(uint32_t)) return sizes;
  const size_t trie_bytes = trie_size(map), rest = map.size() - sizeof(uint32_t);
  if (trie_bytes >= rest || trie_bytes % sizeof(uint32_t) != 0 || trie_bytes == 0) return sizes;
  if (map.back() != '\0') return MapDamage{"a character map whose strings end in a zero", "another end"};
  const std::string_view strings = map.substr(sizeof(uint32_t) + trie_bytes);
  if (!is_valid_utf8(strings)) return MapDamage{"a character map whose strings are UTF-8", "other bytes"};
  const std::vector<uint32_t> units = trie_of(map);
  std::vector<bool> seen(units.size(), false);
  std::vector<size_t> open = {0};
  seen[0] = true;
  while (!open.empty()) {
    const size_t unit = open.back(), base = unit ^ offset(units[unit]);
    open.pop_back();
    if ((base | 0xFF) >= units.size()) return MapDamage{"a character map whose trie stays inside", "a unit that leads outside"};
    if (unit != 0 && has_value(units[unit])) {
      const size_t at = value(units[base]);
      if (at >= strings.size() || (static_cast<uint8_t>(strings[at]) & 0xC0) == 0x80)
        return MapDamage{"a character map whose values are places of characters", "another place"};
    }
    for (size_t next = 1; next < 256; ++next) {
      const size_t child = base ^ next;
      if (label(units[child]) != next || seen[child]) continue;
      seen[child] = true;
      open.push_back(child);
    }
  }
  return std::nullopt;
}

CharacterMap::CharacterMap(std::string_view map) : units_(trie_of(map)), strings_(map.substr(sizeof(uint32_t) + trie_size(map))) {}

std::optional<std::string_view> CharacterMap::shortest(std::string_view text) const {
  size_t at = offset(units_[0]);
  for (const char c : text) {
    const auto byte = static_cast<uint8_t>(c);
    if (byte == 0) return std::nullopt;
    at ^= byte;
    const uint32_t unit = units_[at];
    if (label(unit) != byte) return std::nullopt;
    at ^= offset(unit);
    if (has_value(unit)) return std::string_view(strings_.c_str() + value(units_[at]));
  }
  return std::nullopt;
}

}  // namespace rolora
