// SPDX-License-Identifier: GPL-3.0-or-later
// A statistics file made of real numbers without an engine: seeded values of some sites, their figures summed up in fp64.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "core/base/random.h"
#include "core/outliers/log_histogram.h"
#include "core/outliers/statistics_file.h"

namespace rolora::test {

struct SampleShape {
  int64_t layers = 2, windows = 3, context = 20, narrow = 10, wide = 24;  ///< channels of qkv_in and down_in
  int64_t kept = 60;                                                      ///< tokens of the last layer's down_in that are kept
  int64_t tokens_told = 1 << 14;                                          ///< tokens with figures of their own
};

inline constexpr int64_t kPlantedToken = 33, kPlantedChannel = 7;

/// Gaussian [tokens, channels] with one planted value.
inline std::vector<float> sample_values(int64_t tokens, int64_t channels, uint64_t seed, float planted) {
  Random random(seed, "sample values");
  std::vector<float> x(static_cast<size_t>(tokens * channels));
  for (float& v : x) v = static_cast<float>(random.normal());
  if (planted != 0) x[static_cast<size_t>(kPlantedToken * channels + kPlantedChannel)] = planted;
  return x;
}

struct Summed {
  double absmax = 0, mean = 0, rms = 0, std = 0, kurtosis = 0;
  std::vector<double> magnitudes;  // sorted
  double quantile(double q) const {
    return magnitudes[std::max<size_t>(1, static_cast<size_t>(std::ceil(q * static_cast<double>(magnitudes.size())))) - 1];
  }
};

inline Summed summed(const std::vector<float>& values) {
  Summed out;
  const auto n = static_cast<double>(values.size());
  double square = 0, m2 = 0, m4 = 0;
  for (const double v : values) out.mean += v / n, square += v * v / n, out.magnitudes.push_back(std::fabs(v));
  for (const double v : values) m2 += std::pow(v - out.mean, 2) / n, m4 += std::pow(v - out.mean, 4) / n;
  std::sort(out.magnitudes.begin(), out.magnitudes.end());
  out.absmax = out.magnitudes.back();
  out.rms = std::sqrt(square);
  out.std = std::sqrt(m2);
  out.kurtosis = m2 > 0 ? m4 / (m2 * m2) : std::nan("");
  return out;
}

inline LogHistogram histogram_of(const std::vector<float>& values, bool signs) {
  BinCounts all, negative;
  LogHistogram out;
  for (const float v : values) {
    if (v == 0) {
      ++out.zeros;
      continue;
    }
    all.add(LogBins::get().of(v), 1);
    if (v < 0) negative.add(LogBins::get().of(v), 1);
  }
  out.counts = magnitudes({all, {}, 0}, &out.first);
  for (size_t i = 0; signs && i < out.counts.size(); ++i) out.negative.push_back(negative.at(out.first + static_cast<int>(i)));
  return out;
}

/// Figures of the rows of x [tokens, channels] that `counts` says yes to.
template <class Counts>
SiteFigures figures_of(const std::vector<float>& x, int64_t channels, Counts counts) {
  SiteFigures out;
  TopValues top(64);
  std::vector<float> all, token_max;
  std::vector<std::vector<float>> columns(static_cast<size_t>(channels));
  for (int64_t t = 0; t < static_cast<int64_t>(x.size()) / channels; ++t) {
    if (!counts(t)) continue;
    float most = 0;
    for (int64_t c = 0; c < channels; ++c) {
      const float v = x[static_cast<size_t>(t * channels + c)];
      all.push_back(v);
      columns[static_cast<size_t>(c)].push_back(v);
      top.offer({v, t, c});
      most = std::max(most, std::fabs(v));
    }
    token_max.push_back(most);
  }
  for (const auto& column : columns) {
    const Summed s = summed(column);
    out.channels.absmax.push_back(static_cast<float>(s.absmax));
    out.channels.mean.push_back(static_cast<float>(s.mean));
    out.channels.rms.push_back(static_cast<float>(s.rms));
    out.channels.std.push_back(static_cast<float>(s.std));
    out.channels.kurtosis.push_back(static_cast<float>(s.kurtosis));
    for (size_t q = 0; q < kQuantiles.size(); ++q) out.channels.quantiles[q].push_back(static_cast<float>(s.quantile(kQuantiles[q])));
  }
  const Summed s = summed(all), m = summed(token_max);
  out.tensor = {static_cast<int64_t>(token_max.size()), channels, s.absmax, s.mean, s.rms, s.std, s.kurtosis};
  for (size_t q = 0; q < kQuantiles.size(); ++q) out.tensor.quantiles[q] = s.quantile(kQuantiles[q]);
  for (size_t k = 0; k < 3 && k < m.magnitudes.size(); ++k) out.tensor.token_top[k] = m.magnitudes[m.magnitudes.size() - 1 - k];
  out.tensor.token_median = 0.5 * (m.magnitudes[(m.magnitudes.size() - 1) / 2] + m.magnitudes[m.magnitudes.size() / 2]);
  out.tensor.token_least = m.magnitudes.front();
  out.histogram = histogram_of(all, true);
  out.token_histogram = histogram_of(token_max, false);
  out.top = top.values();
  return out;
}

inline SiteStatistics sample_site(const SampleShape& shape, int64_t layer, SiteKind kind, int64_t channels, uint64_t seed, float planted,
                                  int64_t kept) {
  const int64_t tokens = shape.windows * shape.context;
  const std::vector<float> x = sample_values(tokens, channels, seed, planted);
  SiteStatistics out;
  out.layer = LayerIndex(layer);
  out.site = kind;
  out.window = shape.context;
  out.all = figures_of(x, channels, [](int64_t) { return true; });
  out.without_first = figures_of(x, channels, [&](int64_t t) { return t % shape.context != 0; });
  for (int64_t t = 0; t < std::min(tokens, shape.tokens_told); ++t) {
    const Summed s = summed({x.begin() + t * channels, x.begin() + (t + 1) * channels});
    out.tokens.absmax.push_back(static_cast<float>(s.absmax));
    out.tokens.mean.push_back(static_cast<float>(s.mean));
    out.tokens.rms.push_back(static_cast<float>(s.rms));
    out.tokens.std.push_back(static_cast<float>(s.std));
    out.tokens.kurtosis.push_back(static_cast<float>(s.kurtosis));
  }
  out.full.assign(x.begin(), x.begin() + std::min(kept, tokens) * channels);
  return out;
}

/// `rotated`: 0 for a plain state, else seed + 1 of its rotation. The planted value is −80 in the plain state and 6 in others.
inline StatisticsOfState sample_state(const std::string& label, const SampleShape& shape, uint64_t rotated) {
  StatisticsOfState s;
  s.state = label;
  s.model_hash = "hash of " + label;
  if (rotated > 0) {
    s.rotation_checksum = "checksum of " + label;
    s.rotation = {{"r1", {{"kind", "hadamard"}}}, {"r2", nullptr}, {"r3", nullptr}, {"r4", {{"kind", "hadamard"}}}, {"seed", rotated - 1}};
  }
  s.result.windows = shape.windows;
  s.result.context = shape.context;
  const float planted = rotated > 0 ? 6.0F : -80.0F;
  for (int64_t layer = 0; layer < shape.layers; ++layer) {
    const bool last = layer + 1 == shape.layers;
    s.result.sites.push_back(
        sample_site(shape, layer, SiteKind::qkv_in, shape.narrow, 2 * static_cast<uint64_t>(layer) + 100 * rotated, 0, 0));
    s.result.sites.push_back(sample_site(shape, layer, SiteKind::down_in, shape.wide, 2 * static_cast<uint64_t>(layer) + 1 + 100 * rotated,
                                         last ? planted : 0, last ? shape.kept : 0));
    LinearStatistics l;
    l.name = "model.layers." + std::to_string(layer) + ".mlp.down_proj";
    l.rows = 3;
    l.columns = shape.wide;
    l.absmax = 0.5;
    l.kurtosis = 3.5;
    l.rtn_mse = 1e-4;
    l.rtn_relative_error = rotated ? 0.0625 : 0.125;
    for (LineFigures* f : {&l.row, &l.column}) {
      const auto n = static_cast<size_t>(f == &l.row ? l.rows : l.columns);
      *f = {std::vector<float>(n, 0.5F), std::vector<float>(n, 3.5F), std::vector<float>(n, 0.125F)};
    }
    s.result.linears.push_back(std::move(l));
  }
  return s;
}

inline StatisticsProvenance sample_provenance(const SampleShape& shape) {
  StatisticsProvenance p;
  p.text = "chapters.txt";
  p.text_hash = "abc";
  p.corpus = "text";
  p.windows = shape.windows;
  p.context = shape.context;
  p.dtype = "float32";
  p.device = "cpu";
  p.cpu_features = "avx2";
  p.threads = 2;
  p.seed = 11;
  return p;
}

/// Ids from 100 on; the piece of an id is "▁" and the id.
inline TokenTexts sample_texts(const SampleShape& shape) {
  TokenTexts texts;
  for (int64_t i = 0; i < shape.windows * shape.context; ++i) texts.ids.push_back(100 + i);
  texts.piece = [](int64_t id) { return "▁" + std::to_string(id); };
  return texts;
}

/// States "plain" and "rotated" (seed 0).
inline void write_sample(const std::filesystem::path& file, const SampleShape& shape = {}) {
  write_statistics(file, sample_provenance(shape), {sample_state("plain", shape, 0), sample_state("rotated", shape, 1)},
                   sample_texts(shape));
}

}  // namespace rolora::test
