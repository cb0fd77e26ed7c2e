// SPDX-License-Identifier: GPL-3.0-or-later
// The quantizers once more, straight from their formulas (method §4): one element at a time, no vectors, no shared code with the product.
#pragma once

#include <cfenv>
#include <cmath>
#include <cstdint>
#include <limits>
#include <numeric>
#include <vector>

namespace rolora::test {

struct NaiveRule {
  int bits = 4;
  bool symmetric = true;
  bool compressed = false;  // max / ((2^b − 1)/2)
  bool clip = false;
  float levels() const { return static_cast<float>((1 << bits) - 1); }
  float lowest() const { return symmetric ? -static_cast<float>(1 << (bits - 1)) : 0.0f; }
  float highest() const { return symmetric ? static_cast<float>((1 << (bits - 1)) - 1) : levels(); }
};

struct NaiveGrid {
  float s = 1, z = 0;
};

inline NaiveGrid naive_grid(const std::vector<float>& run, const NaiveRule& rule, float factor) {
  float low = 0, high = 0;
  for (const float v : run) {
    low = std::fmin(low, v);
    high = std::fmax(high, v);
  }
  if (rule.symmetric) {
    const float most = std::fmax(std::fmax(std::fabs(low), std::fabs(high)), 1e-5f);
    return {(factor * most) / (rule.compressed ? rule.levels() / 2 : rule.highest()), 0};
  }
  const float s = std::fmax(factor * high - factor * low, 1e-5f) / rule.levels();
  return {s, std::rint(-(factor * low) / s)};
}

inline float naive_integer(float w, const NaiveGrid& grid, const NaiveRule& rule) {
  const float q = std::rint(w / grid.s) + grid.z;
  return std::fmin(std::fmax(q, rule.lowest()), rule.highest());
}

inline NaiveGrid naive_search(const std::vector<float>& run, const NaiveRule& rule) {
  if (!rule.clip) return naive_grid(run, rule, 1);
  NaiveGrid best;
  float least = std::numeric_limits<float>::infinity();
  for (int i = 0; i < 80; ++i) {
    const NaiveGrid grid = naive_grid(run, rule, static_cast<float>(1 - i / 100.0));
    double error = 0;
    for (const float v : run) error += std::pow(std::fabs(static_cast<double>(grid.s * (naive_integer(v, grid, rule) - grid.z) - v)), 2.4);
    if (static_cast<float>(error) < least) {
      least = static_cast<float>(error);
      best = grid;
    }
  }
  return best;
}

using Matrix = std::vector<std::vector<double>>;

inline Matrix naive_inverse(Matrix a) {
  const size_t n = a.size();
  Matrix b(n, std::vector<double>(n, 0));
  for (size_t i = 0; i < n; ++i) b[i][i] = 1;
  for (size_t c = 0; c < n; ++c) {
    size_t pivot = c;
    for (size_t r = c; r < n; ++r) {
      if (std::fabs(a[r][c]) > std::fabs(a[pivot][c])) pivot = r;
    }
    std::swap(a[c], a[pivot]);
    std::swap(b[c], b[pivot]);
    const double d = a[c][c];
    for (size_t k = 0; k < n; ++k) {
      a[c][k] /= d;
      b[c][k] /= d;
    }
    for (size_t r = 0; r < n; ++r) {
      const double f = a[r][c];
      if (r == c || f == 0) continue;
      for (size_t k = 0; k < n; ++k) {
        a[r][k] -= f * a[c][k];
        b[r][k] -= f * b[c][k];
      }
    }
  }
  return b;
}

/// Optimal brain surgeon, column after column: round, spread by the inverse's row, strike the column out of the inverse. `grids[k]` is the
/// grid of column k. Returns the integers of one row.
inline std::vector<float> naive_obs(std::vector<double> w, Matrix inverse, const std::vector<size_t>& order,
                                    const std::vector<NaiveGrid>& grids, const NaiveRule& rule) {
  std::vector<float> integers(w.size());
  std::vector<bool> done(w.size(), false);
  for (const size_t j : order) {
    integers[j] = naive_integer(static_cast<float>(w[j]), grids[j], rule);
    const double error = (w[j] - static_cast<double>(grids[j].s * (integers[j] - grids[j].z))) / inverse[j][j];
    done[j] = true;
    for (size_t k = 0; k < w.size(); ++k) {
      if (!done[k]) w[k] -= error * inverse[j][k];
    }
    const Matrix before = inverse;
    for (size_t r = 0; r < w.size(); ++r) {
      for (size_t k = 0; k < w.size(); ++k) inverse[r][k] -= before[r][j] * before[j][k] / before[j][j];
    }
  }
  return integers;
}

}  // namespace rolora::test
