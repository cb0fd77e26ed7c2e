// SPDX-License-Identifier: GPL-3.0-or-later
// Streaming statistics of one site: windows go in, figures come out. What it holds depends on the channels and on the spread of the
// values, not on the number of tokens (beyond the stated, fixed number of tokens whose own figures are kept).
#pragma once

#include <ATen/core/Tensor.h>

#include <limits>
#include <memory>
#include <vector>

#include "core/outliers/site_statistics.h"
#include "core/statistics/channel_block.h"

namespace rolora {

struct AccumulatorOptions {
  size_t top = 64;                        ///< largest values kept
  int64_t tokens_kept = 1 << 14;          ///< tokens whose own figures are kept (5 fp32 each)
  int64_t exact_median_tokens = 1 << 18;  ///< token maxima held for an exact median; beyond it is read from the histogram
  int64_t tokens_of_full = std::numeric_limits<int64_t>::max();  ///< of a site that keeps its values: the text's first tokens
};

/// The distribution of the tokens' absmax.
class TokenMaxima {
 public:
  explicit TokenMaxima(int64_t held) : most_held_(held) {}
  void add(float absmax);
  void merge(const TokenMaxima& other);
  void write(TensorFigures& out) const;
  LogHistogram histogram() const;
  size_t bytes() const { return held_.capacity() * sizeof(float) + counts_.bytes(); }

 private:
  int64_t most_held_, seen_ = 0;
  std::vector<float> held_;
  BinCounts counts_;
  uint64_t zeros_ = 0;
  std::array<float, 3> top_{};
  float least_ = 0;
};

class SiteAccumulator {
 public:
  /// `keep`: also hold every value of the first tokens_of_full tokens (for sites asked for by name).
  SiteAccumulator(LayerIndex layer, SiteKind site, int64_t window, const AccumulatorOptions& options, bool keep);
  ~SiteAccumulator();
  SiteAccumulator(SiteAccumulator&&) noexcept;

  /// x [B, T, C] or [B, T, heads, head_dim] (taken as heads·head_dim channels), the windows that follow those seen so far; T is the window.
  /// Values are taken as fp32. NumericError naming site, token and channel when one is not finite.
  void add(const at::Tensor& x);
  int64_t tokens() const { return tokens_; }
  /// What is known so far.
  SiteStatistics finish();
  size_t bytes() const;  ///< held now

 private:
  struct Part;  // first tokens of the windows, or all others
  void add_channels(const float* x, int64_t windows);
  void add_tokens(const float* x, int64_t windows);
  void keep_token(const struct RowFigures& row);
  [[noreturn]] void refuse_not_finite(const float* x, int64_t rows) const;
  SiteFigures figures(const std::vector<const Part*>& parts) const;
  ChannelFigures channel_figures(const std::vector<const Part*>& parts, TensorFigures& tensor) const;

  LayerIndex layer_;
  SiteKind site_;
  int64_t window_, channels_ = 0, tokens_ = 0;
  AccumulatorOptions options_;
  bool keep_;
  std::unique_ptr<Part> first_, rest_;
  TokenFigures kept_tokens_;
  std::vector<float> full_;
};

}  // namespace rolora
