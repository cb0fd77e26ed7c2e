// SPDX-License-Identifier: GPL-3.0-or-later
// The loop of byte-pair encoding: of all neighbours that can be merged, those of lowest rank first, the leftmost of equals.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <vector>

namespace rolora {

/// A part of a word in a doubly linked list inside a vector; its place in the vector never changes.
struct MergeSymbol {
  static constexpr int32_t kNone = -1;
  uint32_t id;
  int32_t previous, next;
  bool removed;
};

inline void append_symbol(std::vector<MergeSymbol>& symbols, uint32_t id) {
  const auto count = static_cast<int32_t>(symbols.size());
  if (count > 0) symbols.back().next = count;
  symbols.push_back({id, count - 1, MergeSymbol::kNone, false});
}

/// What two neighbours become, and how early.
struct Merge {
  uint32_t rank, id;
};

/// Merges until nothing can be merged. `merge_of(left, right)`: places of two neighbours to their merge, if there is one.
/// O(n log n) calls and steps for n symbols.
template <class MergeOf>
void merge_symbols(std::vector<MergeSymbol>& symbols, MergeOf merge_of) {
  struct Candidate {
    uint64_t rank_and_place;
    uint32_t id;
    bool operator<(const Candidate& other) const { return rank_and_place > other.rank_and_place; }  // for a heap with the least on top
  };
  std::vector<Candidate> heap;
  heap.reserve(symbols.size());
  const auto add = [&](int32_t place) {
    const int32_t next = symbols[static_cast<size_t>(place)].next;
    if (next == MergeSymbol::kNone) return;
    const std::optional<Merge> merge = merge_of(place, next);
    if (merge) heap.push_back({(uint64_t{merge->rank} << 32) | static_cast<uint32_t>(place), merge->id});
  };
  const auto push = [&](int32_t place) {
    const size_t before = heap.size();
    add(place);
    if (heap.size() > before) std::push_heap(heap.begin(), heap.end());
  };
  for (int32_t place = 0; place < static_cast<int32_t>(symbols.size()); ++place) add(place);
  std::make_heap(heap.begin(), heap.end());
  while (!heap.empty()) {
    const Candidate best = heap.front();
    std::pop_heap(heap.begin(), heap.end());
    heap.pop_back();
    const auto place = static_cast<int32_t>(best.rank_and_place & 0xFFFFFFFF);
    MergeSymbol& left = symbols[static_cast<size_t>(place)];
    if (left.removed || left.next == MergeSymbol::kNone) continue;
    MergeSymbol& right = symbols[static_cast<size_t>(left.next)];
    const std::optional<Merge> now = merge_of(place, left.next);
    if (!now || now->id != best.id) continue;  // one of the two has been merged since
    left.id = best.id;
    left.next = right.next;
    right.removed = true;
    if (left.next != MergeSymbol::kNone) symbols[static_cast<size_t>(left.next)].previous = place;
    if (left.previous != MergeSymbol::kNone) push(left.previous);
    push(place);
  }
}

}  // namespace rolora
