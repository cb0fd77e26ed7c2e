// SPDX-License-Identifier: GPL-3.0-or-later
// The definitions of method §5 written down a second time, plainly: sorted values and long double sums over a whole tensor in memory.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "core/base/random.h"

namespace rolora::test {

struct Matrix {
  int64_t rows = 0, columns = 0;
  std::vector<float> values;
  float& at(int64_t r, int64_t c) { return values[static_cast<size_t>(r * columns + c)]; }
  float at(int64_t r, int64_t c) const { return values[static_cast<size_t>(r * columns + c)]; }
  std::vector<float> row(int64_t r) const { return {values.begin() + r * columns, values.begin() + (r + 1) * columns}; }
  std::vector<float> column(int64_t c) const {
    std::vector<float> out;
    for (int64_t r = 0; r < rows; ++r) out.push_back(at(r, c));
    return out;
  }
  /// Without rows 0, window, 2·window, …
  Matrix without_first(int64_t window) const {
    Matrix out{0, columns, {}};
    for (int64_t r = 0; r < rows; ++r) {
      if (r % window == 0) continue;
      const std::vector<float> kept = row(r);
      out.values.insert(out.values.end(), kept.begin(), kept.end());
      ++out.rows;
    }
    return out;
  }
};

/// Gaussian channels of different means and scales (channel 1 constant zero, channel 2 constant 0.1), heavy tails, a first token per window
/// that is much larger, exact zeros, subnormals, and one far outlier at (outlier_row, outlier_column).
inline Matrix random_activations(int64_t windows, int64_t window, int64_t channels, uint64_t seed, int64_t outlier_row,
                                 int64_t outlier_column) {
  Random random(seed, "activations");
  Matrix out{windows * window, channels, std::vector<float>(static_cast<size_t>(windows * window * channels))};
  std::vector<double> scale, mean;
  for (int64_t c = 0; c < channels; ++c) {
    scale.push_back(std::exp2(4 * random.normal()));
    mean.push_back(random.normal() * scale.back() * (c % 5 == 0 ? 100 : 1));
  }
  for (int64_t r = 0; r < out.rows; ++r) {
    for (int64_t c = 0; c < channels; ++c) {
      const double z = random.normal();
      double x = mean[static_cast<size_t>(c)] + scale[static_cast<size_t>(c)] * z * std::fabs(z);
      if (r % window == 0 && c % 7 == 0) x *= 50;
      if (random.below(200) == 0) x = 0;
      if (random.below(500) == 0) x = 1e-41 * random.sign() * (1 + random.uniform());
      out.at(r, c) = static_cast<float>(x);
    }
    out.at(r, 1) = 0;
    out.at(r, 2) = 0.1f;
  }
  out.at(outlier_row, outlier_column) = -1e6f;
  return out;
}

struct Expected {
  double absmax = 0, mean = 0, rms = 0, std = 0, kurtosis = 0;
};

inline Expected expected_of(const std::vector<float>& values) {
  long double sum = 0, squares = 0;
  Expected out;
  for (const float v : values) {
    sum += v;
    squares += static_cast<long double>(v) * v;
    out.absmax = std::max(out.absmax, std::fabs(static_cast<double>(v)));
  }
  const long double n = static_cast<long double>(values.size()), mean = sum / n;
  long double m2 = 0, m4 = 0;
  for (const float v : values) {
    const long double d = static_cast<long double>(v) - mean;
    m2 += d * d;
    m4 += d * d * d * d;
  }
  out.mean = static_cast<double>(mean);
  out.rms = static_cast<double>(std::sqrt(squares / n));
  out.std = static_cast<double>(std::sqrt(m2 / n));
  out.kurtosis = static_cast<double>((m4 / n) / ((m2 / n) * (m2 / n)));
  return out;
}

/// The ⌈q·n⌉-th smallest |x|.
inline double quantile_by_sorting(std::vector<float> values, double q) {
  for (float& v : values) v = std::fabs(v);
  std::sort(values.begin(), values.end());
  const auto rank = static_cast<size_t>(std::ceil(q * static_cast<double>(values.size())));
  return values[std::max<size_t>(rank, 1) - 1];
}

inline int64_t count_beyond(const std::vector<float>& values, double mean, double limit) {
  return std::count_if(values.begin(), values.end(), [&](float v) { return std::fabs(v - mean) > limit; });
}

}  // namespace rolora::test
