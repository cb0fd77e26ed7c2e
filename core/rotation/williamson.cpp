// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/rotation/williamson.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numbers>
#include <numeric>
#include <set>

namespace rolora {
namespace {

constexpr int kFewOrbits = 11, kMostOrbits = 14;  // 2^11 sequences take a moment, 2^14 some seconds
constexpr int64_t kMostFree = 20;                 // free signs of the threefold search

using Orbits = std::vector<int>;  // residue 0 … t−1 → number of its orbit; numbered by smallest member; 0 has −1

Orbits orbits_of(int64_t t, int64_t g) {
  Orbits orbit(static_cast<size_t>(t), -1);
  int count = 0;
  for (int64_t first = 1; first <= t / 2; ++first) {
    if (orbit[static_cast<size_t>(first)] >= 0) continue;
    for (int64_t x = first; orbit[static_cast<size_t>(x)] < 0; x = x * g % t) {
      orbit[static_cast<size_t>(x)] = count;
      orbit[static_cast<size_t>(t - x)] = count;
    }
    ++count;
  }
  return orbit;
}

int count_of(const Orbits& orbits) { return 1 + *std::max_element(orbits.begin(), orbits.end()); }

// The smallest member of each orbit.
std::vector<int64_t> lags_of(const Orbits& orbits) {
  std::vector<int64_t> lags;
  for (int o = 0; o < count_of(orbits); ++o) lags.push_back(std::find(orbits.begin(), orbits.end(), o) - orbits.begin());
  return lags;
}

// All different partitions by a multiplier, coarsest first.
std::vector<Orbits> partitions(int64_t t) {
  std::set<Orbits> seen;
  std::vector<Orbits> result;
  for (int64_t g = 1; g <= t / 2; ++g) {
    if (std::gcd(g, t) != 1) continue;
    const Orbits orbits = orbits_of(t, g);
    if (count_of(orbits) <= kMostOrbits && seen.insert(orbits).second) result.push_back(orbits);
  }
  std::stable_sort(result.begin(), result.end(), [](const Orbits& a, const Orbits& b) { return count_of(a) < count_of(b); });
  return result;
}

// A sequence is a number whose most significant bit is the sign of the first orbit (1 = −): numeric order is lexicographic order.
std::vector<int8_t> row_of(uint32_t code, const Orbits& orbits, int count) {
  std::vector<int8_t> row(orbits.size(), 1);
  for (size_t i = 1; i < row.size(); ++i) row[i] = ((code >> (count - 1 - orbits[i])) & 1) != 0 ? -1 : 1;
  return row;
}

struct Sequence {
  uint32_t code;
  std::vector<int16_t> correlation;  // periodic autocorrelation at one lag of each orbit
  std::vector<float> power;          // squared spectrum at one frequency of each orbit
};

struct Search {
  int64_t t;
  Orbits orbits;
  int count;
  std::vector<int64_t> lags;  // smallest member of each orbit
  std::vector<Sequence> sequences;
  double limit;  // no sum of squared spectra may exceed 4t; a little more for rounding
};

Sequence sequence_of(uint32_t code, const Search& s) {
  const std::vector<int8_t> row = row_of(code, s.orbits, s.count);
  Sequence result{code, {}, {}};
  for (int64_t lag : s.lags) {
    int sum = 0;
    double spectrum = 0;
    for (int64_t i = 0; i < s.t; ++i) {
      sum += row[static_cast<size_t>(i)] * row[static_cast<size_t>((i + lag) % s.t)];
      spectrum +=
          row[static_cast<size_t>(i)] * std::cos(2 * std::numbers::pi * static_cast<double>(i * lag % s.t) / static_cast<double>(s.t));
    }
    result.correlation.push_back(static_cast<int16_t>(sum));
    result.power.push_back(static_cast<float>(spectrum * spectrum));
  }
  return result;
}

struct Pair {
  uint64_t key;
  uint32_t first, second;  // positions in Search::sequences
};

// Polynomial hash of a sum of two correlation vectors; key(−v) of the complement is what is looked up.
uint64_t key_of(const Sequence& a, const Sequence& b, int sign) {
  uint64_t key = 0;
  for (size_t i = 0; i < a.correlation.size(); ++i) {
    key = key * 0x9e3779b97f4a7c15ULL + static_cast<uint64_t>(static_cast<int64_t>(sign * (a.correlation[i] + b.correlation[i])));
  }
  return key;
}

bool within_limit(const Sequence& a, const Sequence& b, double limit) {
  for (size_t i = 0; i < a.power.size(); ++i) {
    if (static_cast<double>(a.power[i]) + static_cast<double>(b.power[i]) > limit) return false;
  }
  return true;
}

std::vector<Pair> pairs_of(const Search& s) {
  std::vector<Pair> pairs;
  for (uint32_t i = 0; i < s.sequences.size(); ++i) {
    for (uint32_t j = i; j < s.sequences.size(); ++j) {
      if (within_limit(s.sequences[i], s.sequences[j], s.limit)) {
        pairs.push_back({key_of(s.sequences[i], s.sequences[j], 1), i, j});
      }
    }
  }
  return pairs;
}

bool correlations_cancel(const Search& s, const Pair& p, const Pair& q) {
  for (size_t i = 0; i < s.lags.size(); ++i) {
    const int sum = s.sequences[p.first].correlation[i] + s.sequences[p.second].correlation[i] + s.sequences[q.first].correlation[i] +
                    s.sequences[q.second].correlation[i];
    if (sum != 0) return false;
  }
  return true;
}

// The lexicographically first (A, B) that has a complement, with its first complement.
std::optional<std::array<uint32_t, 4>> first_solution(const Search& s) {
  const std::vector<Pair> pairs = pairs_of(s);
  std::vector<Pair> sorted = pairs;
  std::stable_sort(sorted.begin(), sorted.end(), [](const Pair& a, const Pair& b) { return a.key < b.key; });
  for (const Pair& p : pairs) {
    const uint64_t wanted = key_of(s.sequences[p.first], s.sequences[p.second], -1);
    auto q = std::lower_bound(sorted.begin(), sorted.end(), wanted, [](const Pair& a, uint64_t key) { return a.key < key; });
    for (; q != sorted.end() && q->key == wanted; ++q) {
      if (correlations_cancel(s, p, *q)) {
        return std::array<uint32_t, 4>{s.sequences[p.first].code, s.sequences[p.second].code, s.sequences[q->first].code,
                                       s.sequences[q->second].code};
      }
    }
  }
  return std::nullopt;
}

// Four different rows, each constant on the orbits.
std::optional<WilliamsonRows> search_orbits(int64_t t, const Orbits& orbits) {
  Search s{t, orbits, count_of(orbits), lags_of(orbits), {}, 4.0 * static_cast<double>(t) + 1e-2};
  for (uint32_t code = 0; code < (uint32_t{1} << s.count); ++code) {
    Sequence sequence = sequence_of(code, s);
    if (*std::max_element(sequence.power.begin(), sequence.power.end()) <= s.limit) s.sequences.push_back(std::move(sequence));
  }
  const auto found = first_solution(s);
  if (!found) return std::nullopt;
  WilliamsonRows rows;
  for (size_t i = 0; i < 4; ++i) rows[i] = row_of((*found)[i], orbits, s.count);
  return rows;
}

std::vector<int> correlations_of(const std::vector<int8_t>& row) {
  const size_t t = row.size();
  std::vector<int> sums(t, 0);
  for (size_t lag = 0; lag <= t / 2; ++lag) {
    for (size_t i = 0; i < t; ++i) sums[lag] += row[i] * row[i + lag < t ? i + lag : i + lag - t];
    if (lag > 0) sums[t - lag] = sums[lag];
  }
  return sums;
}

// Multiplication by g, of order 3 up to sign, leaves A as it is and takes B to C to D: B alone is free, and A is looked up.
std::optional<WilliamsonRows> search_threefold(int64_t t, int64_t g) {
  const Orbits orbits = orbits_of(t, g);
  const std::vector<int64_t> lags = lags_of(orbits);
  std::map<std::vector<int>, std::vector<int8_t>> wanted;  // negated correlations → the first A that has them
  for (uint32_t code = 0; code < (uint32_t{1} << lags.size()); ++code) {
    const std::vector<int8_t> row = row_of(code, orbits, static_cast<int>(lags.size()));
    const std::vector<int> sums = correlations_of(row);
    std::vector<int> key;
    for (int64_t lag : lags) key.push_back(-sums[static_cast<size_t>(lag)]);
    wanted.emplace(std::move(key), row);
  }
  const Orbits single = orbits_of(t, 1);
  const auto at = [t](const auto& row, int64_t i) { return row[static_cast<size_t>(i % t)]; };
  for (uint32_t code = 0; code < (uint32_t{1} << (t / 2)); ++code) {
    const std::vector<int8_t> b = row_of(code, single, static_cast<int>(t / 2));
    const std::vector<int> sums = correlations_of(b);
    std::vector<int> key;
    for (int64_t lag : lags) key.push_back(at(sums, lag) + at(sums, lag * g) + at(sums, lag * g % t * g));
    const auto a = wanted.find(key);
    if (a == wanted.end()) continue;
    WilliamsonRows rows = {a->second, b, b, b};
    for (int64_t i = 0; i < t; ++i) {
      rows[2][static_cast<size_t>(i)] = at(b, i * g);
      rows[3][static_cast<size_t>(i)] = at(b, i * g % t * g);
    }
    return rows;
  }
  return std::nullopt;
}

std::optional<WilliamsonRows> search_all_threefold(int64_t t) {
  if (t / 2 > kMostFree) return std::nullopt;
  for (int64_t g = 2; g <= t / 2; ++g) {
    const int64_t cube = g * g % t * g % t;
    if (std::gcd(g, t) != 1 || (cube != 1 && cube != t - 1)) continue;
    if (auto rows = search_threefold(t, g)) return rows;
  }
  return std::nullopt;
}

}  // namespace

std::span<const int64_t> williamson_orders() {
  static constexpr std::array<int64_t, 4> orders = {23, 29, 39, 43};
  return orders;
}

std::optional<WilliamsonRows> williamson_rows(int64_t t) {
  const std::vector<Orbits> all = partitions(t);
  const auto many = std::find_if(all.begin(), all.end(), [](const Orbits& o) { return count_of(o) > kFewOrbits; });
  for (auto orbits = all.begin(); orbits != many; ++orbits) {
    if (auto rows = search_orbits(t, *orbits)) return rows;
  }
  if (auto rows = search_all_threefold(t)) return rows;
  for (auto orbits = many; orbits != all.end(); ++orbits) {
    if (auto rows = search_orbits(t, *orbits)) return rows;
  }
  return std::nullopt;
}

std::vector<int8_t> williamson_matrix(const WilliamsonRows& rows) {
  // Which circulant stands in block (row, column), and its sign.
  static constexpr int block[4][4] = {{0, 1, 2, 3}, {1, 0, 3, 2}, {2, 3, 0, 1}, {3, 2, 1, 0}};
  static constexpr int sign[4][4] = {{1, 1, 1, 1}, {-1, 1, -1, 1}, {-1, 1, 1, -1}, {-1, -1, 1, 1}};
  const size_t t = rows[0].size(), n = 4 * t;
  std::vector<int8_t> matrix(n * n);
  for (size_t i = 0; i < n; ++i) {
    for (size_t j = 0; j < n; ++j) {
      const int s = sign[i / t][j / t];
      matrix[i * n + j] = static_cast<int8_t>(s * rows[static_cast<size_t>(block[i / t][j / t])][(j % t + t - i % t) % t]);
    }
  }
  return matrix;
}

}  // namespace rolora
