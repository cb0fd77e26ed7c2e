// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/statistics/channel_block.h"

#include <algorithm>
#include <bit>

#include "core/statistics/vector_dispatch.h"

namespace rolora {
namespace {

using lanes::Double4;
using lanes::Float4;
using lanes::Int4;
constexpr int64_t kWide = ChannelBlock::kChannels;
constexpr int kCoarseShift = 4;  // from a code: eight fine bins of two signs make a coarse bin
static_assert(2 * LogBins::kPerOctave >> kCoarseShift == LogBins::kCoarse);

struct TileSums {
  alignas(32) double mean[kWide], m2[kWide], m3[kWide], m4[kWide];
};

// tile [rows, 64] → sums of each channel and the largest magnitude of each.
ROLORA_INLINE_LOOP void sum_loop(const float* tile, int64_t rows, double* sum, int32_t* absmax) {
  for (int64_t c = 0; c < kWide; c += 8) {
    Double4 a = {}, b = {};
    Int4 ma, mb;
    std::memcpy(&ma, absmax + c, sizeof ma);
    std::memcpy(&mb, absmax + c + 4, sizeof mb);
    for (int64_t r = 0; r < rows; ++r) {
      const float* at = tile + r * kWide + c;
      Float4 x, y;
      Int4 u, v;
      std::memcpy(&x, at, sizeof x);
      std::memcpy(&y, at + 4, sizeof y);
      std::memcpy(&u, at, sizeof u);
      std::memcpy(&v, at + 4, sizeof v);
      a += __builtin_convertvector(x, Double4);
      b += __builtin_convertvector(y, Double4);
      u &= lanes::kMagnitude;
      v &= lanes::kMagnitude;
      ma = u > ma ? u : ma;
      mb = v > mb ? v : mb;
    }
    std::memcpy(sum + c, &a, sizeof a);
    std::memcpy(sum + c + 4, &b, sizeof b);
    std::memcpy(absmax + c, &ma, sizeof ma);
    std::memcpy(absmax + c + 4, &mb, sizeof mb);
  }
}

ROLORA_INLINE_LOOP void central_loop(const float* tile, int64_t rows, TileSums* s) {
  for (int64_t c = 0; c < kWide; c += 8) {
    Double4 mean_a, mean_b, a2 = {}, b2 = {}, a3 = {}, b3 = {}, a4 = {}, b4 = {};
    std::memcpy(&mean_a, s->mean + c, sizeof mean_a);
    std::memcpy(&mean_b, s->mean + c + 4, sizeof mean_b);
    for (int64_t r = 0; r < rows; ++r) {
      Float4 x, y;
      std::memcpy(&x, tile + r * kWide + c, sizeof x);
      std::memcpy(&y, tile + r * kWide + c + 4, sizeof y);
      const Double4 d = __builtin_convertvector(x, Double4) - mean_a, e = __builtin_convertvector(y, Double4) - mean_b;
      const Double4 d2 = d * d, e2 = e * e;
      a2 += d2;
      b2 += e2;
      a3 += d2 * d;
      b3 += e2 * e;
      a4 += d2 * d2;
      b4 += e2 * e2;
    }
    std::memcpy(s->m2 + c, &a2, sizeof a2);
    std::memcpy(s->m2 + c + 4, &b2, sizeof b2);
    std::memcpy(s->m3 + c, &a3, sizeof a3);
    std::memcpy(s->m3 + c + 4, &b3, sizeof b3);
    std::memcpy(s->m4 + c, &a4, sizeof a4);
    std::memcpy(s->m4 + c + 4, &b4, sizeof b4);
  }
}

ROLORA_INLINE_LOOP void tile_loop(const float* tile, int64_t rows, TileSums* s, int32_t* absmax) {
  alignas(32) double sum[kWide];
  sum_loop(tile, rows, sum, absmax);
  for (int64_t c = 0; c < kWide; ++c) s->mean[c] = sum[c] / static_cast<double>(rows);
  central_loop(tile, rows, s);
}

#if ROLORA_HAS_AVX2_COPY
ROLORA_AVX2_COPY void tile_avx2(const float* tile, int64_t rows, TileSums* s, int32_t* absmax) { tile_loop(tile, rows, s, absmax); }
#endif
void tile_any(const float* tile, int64_t rows, TileSums* s, int32_t* absmax) { tile_loop(tile, rows, s, absmax); }

}  // namespace

void DenseCounts::fold_into(SignedCounts& out) const {
  for (int bin = 0; bin < LogBins::kCount; ++bin) {
    const uint64_t positive = of_code[static_cast<size_t>(2 * bin)], negative = of_code[static_cast<size_t>(2 * bin + 1)];
    if (positive != 0) out.positive.add(bin, positive);
    if (negative != 0) out.negative.add(bin, negative);
  }
  out.zeros += of_code[kZeroCode];
}

ChannelBlock::ChannelBlock(int64_t channels, bool counting) : channels_(channels), counting_(counting) {}

int32_t ChannelBlock::add(const float* x, int64_t rows, int64_t stride, DenseCounts* whole) {
  alignas(64) float tile[kRows * kWide];
  for (int64_t r = 0; r < rows; ++r) {
    __builtin_prefetch(x + std::min(r + 8, rows - 1) * stride);
    if (channels_ == kWide) {
      std::memcpy(tile + r * kWide, x + r * stride, kWide * sizeof(float));  // of constant size, so without a call
    } else {
      std::copy_n(x + r * stride, channels_, tile + r * kWide);
      std::fill(tile + r * kWide + channels_, tile + (r + 1) * kWide, 0.0f);
    }
  }
  TileSums sums;
  std::array<int32_t, kWide> absmax{};
#if ROLORA_HAS_AVX2_COPY
  if (lanes::avx2()) {
    tile_avx2(tile, rows, &sums, absmax.data());
  } else {
    tile_any(tile, rows, &sums, absmax.data());
  }
#else
  tile_any(tile, rows, &sums, absmax.data());
#endif
  const int32_t largest = *std::max_element(absmax.begin(), absmax.end());
  if (largest > lanes::kLargestFinite) return largest;
  for (size_t c = 0; c < absmax.size(); ++c) absmax_[c] = std::max(absmax_[c], absmax[c]);
  merge_tile(rows, sums.mean, sums.m2, sums.m3, sums.m4);
  if (counting_) count(tile, rows, *whole);
  return largest;
}

void ChannelBlock::merge_tile(int64_t rows, const double* mean, const double* m2, const double* m3, const double* m4) {
  for (int64_t c = 0; c < channels_; ++c) {
    const auto i = static_cast<size_t>(c);
    Moments sum = moments(c);
    sum.merge(Moments{rows, mean[c], m2[c], m3[c], m4[c]});
    mean_[i] = sum.mean;
    m2_[i] = sum.m2;
    m3_[i] = sum.m3;
    m4_[i] = sum.m4;
  }
  rows_ += rows;
}

void ChannelBlock::count(const float* tile, int64_t rows, DenseCounts& whole) {
  std::array<uint16_t, kWide> codes;
  uint64_t* const of_code = whole.of_code.data();
  for (int64_t r = 0; r < rows; ++r) {
    encode(tile + r * kWide, channels_, codes.data());
    // Copies of the members, which the stores below might alias.
    int first = first_;
    auto width = static_cast<unsigned>(width_);
    uint32_t* line = counts_.data();
    for (int64_t c = 0; c < channels_; ++c, line += width) {
      const unsigned code = codes[static_cast<size_t>(c)];
      ++of_code[code];
      unsigned bin = (code >> kCoarseShift) - static_cast<unsigned>(first);
      if (bin >= width) [[unlikely]] {
        if (take_zero_or_cover(static_cast<int>(code), c)) continue;
        first = first_;
        width = static_cast<unsigned>(width_);
        line = counts_.data() + c * width_;
        bin = (code >> kCoarseShift) - static_cast<unsigned>(first);
      }
      ++line[bin];
    }
  }
}

// What lies outside the window of bins: a zero, counted apart, or a value that widens the window.
bool ChannelBlock::take_zero_or_cover(int code, int64_t channel) {
  if (code == kZeroCode) {
    ++zeros_[static_cast<size_t>(channel)];
    return true;
  }
  cover(code >> kCoarseShift);
  return false;
}

void ChannelBlock::cover(int coarse_bin) {
  const int octave = coarse_bin / LogBins::kCoarse * LogBins::kCoarse;
  const int begin = width_ == 0 ? octave : std::min(first_, octave);
  const int end = width_ == 0 ? octave + LogBins::kCoarse : std::max(first_ + width_, octave + LogBins::kCoarse);
  std::vector<uint32_t> wider(static_cast<size_t>(channels_ * (end - begin)), 0);
  for (int64_t c = 0; c < channels_; ++c) {
    std::copy_n(counts_.begin() + c * width_, width_, wider.begin() + c * (end - begin) + (first_ - begin) * (width_ == 0 ? 0 : 1));
  }
  counts_ = std::move(wider);
  first_ = begin;
  width_ = end - begin;
}

Moments ChannelBlock::moments(int64_t channel) const {
  const auto i = static_cast<size_t>(channel);
  return {rows_, mean_[i], m2_[i], m3_[i], m4_[i]};
}

float ChannelBlock::absmax(int64_t channel) const { return std::bit_cast<float>(absmax_[static_cast<size_t>(channel)]); }

void ChannelBlock::add_counts(int64_t channel, std::span<uint64_t> out) const {
  for (int b = 0; b < width_; ++b) {
    out[static_cast<size_t>(first_ + b)] += counts_[static_cast<size_t>(channel * width_ + b)];
  }
}

}  // namespace rolora
