// SPDX-License-Identifier: GPL-3.0-or-later
// Indices are types: swapping a layer and a token does not compile.
#pragma once

#include <compare>
#include <cstdint>

namespace rolora {

template <class Tag>
struct Index {
  int64_t value = 0;
  constexpr Index() = default;
  constexpr explicit Index(int64_t v) : value(v) {}
  constexpr auto operator<=>(const Index&) const = default;
};

using LayerIndex = Index<struct LayerTag>;
using WindowIndex = Index<struct WindowTag>;
using TokenIndex = Index<struct TokenTag>;
using ChannelIndex = Index<struct ChannelTag>;

}  // namespace rolora
