// SPDX-License-Identifier: GPL-3.0-or-later
// What is known about one site after a pass: the numbers of method §5, as plain values. Everything that is written, printed or drawn
// about outliers comes from these.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "core/base/index.h"
#include "core/base/site.h"
#include "core/outliers/top_values.h"

namespace rolora {

inline constexpr std::array<double, 4> kQuantiles = {0.5, 0.99, 0.999, 0.9999};
inline constexpr std::array<const char*, 4> kQuantileNames = {"p50", "p99", "p999", "p9999"};
inline constexpr std::array<double, 4> kSigmas = {3, 6, 10, 20};
inline constexpr std::array<const char*, 4> kSigmaNames = {"share_above_3_sigma", "share_above_6_sigma", "share_above_10_sigma",
                                                           "share_above_20_sigma"};

/// Over all elements of the tensor [tokens, channels].
struct TensorFigures {
  int64_t tokens = 0, channels = 0;
  double absmax = 0, mean = 0, rms = 0, std = 0;  ///< std with 1/n
  double kurtosis = 0;                            ///< m4/m2², biased; NaN for a constant
  std::array<double, 4> quantiles{};              ///< of |x|, kQuantiles; at most 0.54 % off
  std::array<double, 4> share_above{};            ///< share of |x − mean| > k·std, kSigmas
  std::array<double, 3> token_top{};              ///< the three largest of the tokens' absmax
  double token_median = 0;                        ///< of the tokens' absmax: see median_exact
  double token_least = 0;                         ///< smallest of the tokens' absmax
  bool median_exact = true;  ///< false: more tokens than are held, the median is read from 64 bins an octave (at most 0.54 % off)
  /// max over tokens of the token's absmax / median over tokens. NaN when the median is 0.
  double token_ratio() const;
};

/// Over the tokens, one value a channel.
struct ChannelFigures {
  std::vector<float> absmax, mean, rms, std, kurtosis;
  std::array<std::vector<float>, 4> quantiles;  ///< of |x|, 8 bins an octave: at most 4.4 % off
};

/// Counts of |x| in bins 2^(b/64 − 149) ≤ |x| < 2^((b+1)/64 − 149), b = first, first + 1, …
struct LogHistogram {
  int first = 0;
  std::vector<uint64_t> counts;    ///< both signs
  std::vector<uint64_t> negative;  ///< the negative ones among them (empty where there are no signs)
  uint64_t zeros = 0;
  std::vector<double> edges() const;  ///< counts.size() + 1 values (empty without counts)
};

/// One site, all tokens or without the first token of each window.
struct SiteFigures {
  TensorFigures tensor;
  ChannelFigures channels;
  LogHistogram histogram;        ///< of the elements
  LogHistogram token_histogram;  ///< of the tokens' absmax
  std::vector<Outlier> top;      ///< the 64 largest |x|
};

/// Figures of single tokens over the channels, for the first tokens of the text (a stated number, so that nothing grows with it).
struct TokenFigures {
  std::vector<float> absmax, mean, rms, std, kurtosis;
};

struct SiteStatistics {
  LayerIndex layer;
  SiteKind site = SiteKind::down_in;
  int64_t window = 0;  ///< tokens a window: positions 0, window, 2·window, … are first tokens
  SiteFigures all, without_first;
  TokenFigures tokens;      ///< of all tokens' first ones, window starts included
  std::vector<float> full;  ///< [first tokens, channels] where it was asked for, else empty
  std::string name() const { return site_name(layer, site); }
};

}  // namespace rolora
