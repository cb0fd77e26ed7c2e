// SPDX-License-Identifier: GPL-3.0-or-later
// Running figures of up to 64 neighbouring channels: moments, largest magnitude, counts of log2|x|. One thread owns a block, and rows come
// in tiles whose bounds depend on positions in the text only, so neither threads nor batches change a bit of the result.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "core/statistics/log_codes.h"
#include "core/statistics/moments.h"

namespace rolora {

/// Counts of a whole tensor while a thread works, by code: a plain table, because that is fast; folded into SignedCounts afterwards.
struct DenseCounts {
  std::vector<uint64_t> of_code = std::vector<uint64_t>(kCodes);
  void fold_into(SignedCounts& out) const;
};

class ChannelBlock {
 public:
  static constexpr int64_t kChannels = 64;
  static constexpr int64_t kRows = 128;  ///< of a tile: 128 × 64 fp32 stay in the first-level cache

  /// `counting`: with histograms (activations) or without (weights).
  ChannelBlock(int64_t channels, bool counting);
  /// rows ≤ kRows values of each channel; x[r·stride + c]. Adds to `whole` too (may be null without counting).
  /// Returns the bits of the largest magnitude of the tile: above lanes::kLargestFinite when a value is not finite (nothing is added then).
  int32_t add(const float* x, int64_t rows, int64_t stride, DenseCounts* whole);

  int64_t channels() const { return channels_; }
  int64_t rows() const { return rows_; }
  Moments moments(int64_t channel) const;
  float absmax(int64_t channel) const;
  uint64_t zeros(int64_t channel) const { return zeros_[static_cast<size_t>(channel)]; }
  /// Adds the channel's coarse counts to `out` [LogBins::kCoarseCount].
  void add_counts(int64_t channel, std::span<uint64_t> out) const;
  int first_bin() const { return first_; }  ///< coarse bins that add_counts may touch: first_bin() … end_bin() − 1
  int end_bin() const { return first_ + width_; }
  size_t bytes() const { return sizeof(*this) + counts_.capacity() * sizeof(uint32_t); }

 private:
  void count(const float* tile, int64_t rows, DenseCounts& whole);
  bool take_zero_or_cover(int code, int64_t channel);
  void cover(int coarse_bin);
  void merge_tile(int64_t rows, const double* mean, const double* m2, const double* m3, const double* m4);

  int64_t channels_;
  bool counting_;
  int64_t rows_ = 0;
  std::array<double, kChannels> mean_{}, m2_{}, m3_{}, m4_{};
  std::array<int32_t, kChannels> absmax_{};
  std::array<uint32_t, kChannels> zeros_{};
  int first_ = 0, width_ = 0;     // window of coarse bins, whole octaves
  std::vector<uint32_t> counts_;  // [channels, width]
};

}  // namespace rolora
