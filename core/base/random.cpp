// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/random.h"

#include <cmath>
#include <numbers>
#include <utility>

#include "core/base/error.h"

namespace rolora {
namespace {

// FNV-1a over the purpose, mixed with the seed by SplitMix64's finaliser, so that close seeds give unrelated streams.
uint64_t stream_seed(uint64_t seed, std::string_view purpose) {
  uint64_t h = 0xcbf29ce484222325ULL;
  for (unsigned char c : purpose) h = (h ^ c) * 0x100000001b3ULL;
  uint64_t z = seed + 0x9e3779b97f4a7c15ULL + h;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
  return z ^ (z >> 31);
}

}  // namespace

Random::Random(uint64_t seed, std::string_view purpose) : engine_(stream_seed(seed, purpose)) {}

double Random::uniform() { return static_cast<double>(engine_() >> 11) * 0x1.0p-53; }

double Random::normal() {
  if (has_spare_) {
    has_spare_ = false;
    return spare_;
  }
  const double radius = std::sqrt(-2.0 * std::log(1.0 - uniform()));  // 1 - u lies in (0, 1]
  const double angle = 2.0 * std::numbers::pi * uniform();
  spare_ = radius * std::sin(angle);
  has_spare_ = true;
  return radius * std::cos(angle);
}

uint64_t Random::below(uint64_t n) {
  if (n == 0) throw Error("a random integer below 0 does not exist");
  const uint64_t limit = UINT64_MAX - UINT64_MAX % n;
  uint64_t r = engine_();
  while (r >= limit) r = engine_();
  return r % n;
}

std::vector<int64_t> Random::permutation(int64_t n) {
  if (n < 0) throw Error("a permutation of a negative number of things does not exist");
  std::vector<int64_t> p(static_cast<size_t>(n));
  for (int64_t i = 0; i < n; ++i) p[static_cast<size_t>(i)] = i;
  for (int64_t i = n - 1; i > 0; --i) std::swap(p[static_cast<size_t>(i)], p[below(static_cast<uint64_t>(i) + 1)]);
  return p;
}

}  // namespace rolora
