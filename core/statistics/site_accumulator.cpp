// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/statistics/site_accumulator.h"

#include <ATen/Parallel.h>
#include <torch/types.h>

#include <bit>
#include <cmath>
#include <limits>
#include <mutex>

#include "core/base/error.h"
#include "core/statistics/row_figures.h"
#include "core/statistics/vector_dispatch.h"

namespace rolora {

// Figures of one set of tokens: the first ones of the windows, or all others. "All tokens" is both merged, so that the switch between the
// two views costs no second pass.
struct SiteAccumulator::Part {
  Part(int64_t channels, const AccumulatorOptions& options) : top(options.top), maxima(options.exact_median_tokens) {
    for (int64_t c = 0; c < channels; c += ChannelBlock::kChannels) {
      blocks.emplace_back(std::min(ChannelBlock::kChannels, channels - c), /*counting=*/true);
    }
  }
  size_t bytes() const {
    size_t sum = counts.positive.bytes() + counts.negative.bytes() + maxima.bytes() + top.values().capacity() * sizeof(Outlier);
    for (const ChannelBlock& block : blocks) sum += block.bytes();
    return sum;
  }
  int64_t tokens() const { return blocks.empty() ? 0 : blocks.front().rows(); }

  std::vector<ChannelBlock> blocks;
  SignedCounts counts;
  TopValues top;
  TokenMaxima maxima;
};

SiteAccumulator::SiteAccumulator(LayerIndex layer, SiteKind site, int64_t window, const AccumulatorOptions& options, bool keep)
    : layer_(layer), site_(site), window_(window), options_(options), keep_(keep) {}
SiteAccumulator::~SiteAccumulator() = default;
SiteAccumulator::SiteAccumulator(SiteAccumulator&&) noexcept = default;

void SiteAccumulator::add(const at::Tensor& x) {
  const int64_t windows = x.size(0), channels = x.numel() / std::max<int64_t>(1, windows * x.size(1));
  if (x.size(1) != window_ || (channels_ != 0 && channels != channels_)) {
    throw Error(site_name(layer_, site_) + ": windows of " + std::to_string(window_) + " tokens were announced, given " +
                std::to_string(x.size(1)));
  }
  if (channels_ == 0) {
    channels_ = channels;
    first_ = std::make_unique<Part>(channels, options_);
    rest_ = std::make_unique<Part>(channels, options_);
  }
  const at::Tensor values = x.detach().to(at::kCPU, at::kFloat).contiguous();
  const float* data = values.const_data_ptr<float>();
  add_channels(data, windows);
  add_tokens(data, windows);
  if (keep_ && tokens_ < options_.tokens_of_full) {
    full_.insert(full_.end(), data, data + std::min(windows * window_, options_.tokens_of_full - tokens_) * channels_);
  }
  tokens_ += windows * window_;
}

// Each thread owns blocks of channels. A tile starts at a fixed distance from its window's start, so batches do not matter either.
void SiteAccumulator::add_channels(const float* x, int64_t windows) {
  std::mutex mutex;
  bool finite = true;
  at::parallel_for(0, static_cast<int64_t>(rest_->blocks.size()), 1, [&](int64_t begin, int64_t end) {
    DenseCounts first_counts, rest_counts;
    int32_t largest = 0;
    for (int64_t b = begin; b < end; ++b) {
      ChannelBlock &first = first_->blocks[static_cast<size_t>(b)], &rest = rest_->blocks[static_cast<size_t>(b)];
      for (int64_t w = 0; w < windows; ++w) {
        const float* at = x + w * window_ * channels_ + b * ChannelBlock::kChannels;
        largest = std::max(largest, first.add(at, 1, channels_, &first_counts));
        for (int64_t t = 1; t < window_; t += ChannelBlock::kRows) {
          const int64_t rows = std::min(ChannelBlock::kRows, window_ - t);
          largest = std::max(largest, rest.add(at + t * channels_, rows, channels_, &rest_counts));
        }
      }
    }
    const std::lock_guard<std::mutex> lock(mutex);
    finite = finite && largest <= lanes::kLargestFinite;
    first_counts.fold_into(first_->counts);
    rest_counts.fold_into(rest_->counts);
  });
  if (!finite) refuse_not_finite(x, windows * window_);
}

void SiteAccumulator::add_tokens(const float* x, int64_t windows) {
  std::vector<RowFigures> rows(static_cast<size_t>(windows * window_));
  std::mutex mutex;
  const int32_t floors[2] = {rest_->top.floor_bits(), first_->top.floor_bits()};
  at::parallel_for(0, windows * window_, 64, [&](int64_t begin, int64_t end) {
    TopValues tops[2] = {TopValues(options_.top), TopValues(options_.top)};  // rest, first
    for (int64_t r = begin; r < end; ++r) {
      const float* row = x + r * channels_;
      rows[static_cast<size_t>(r)] = row_figures(row, channels_);
      const int which = r % window_ == 0 ? 1 : 0;
      int32_t floor = std::max(floors[which], tops[which].floor_bits());
      if (rows[static_cast<size_t>(r)].absmax_bits < floor) continue;
      for (int64_t c = 0; c < channels_; ++c) {
        if ((std::bit_cast<int32_t>(row[c]) & lanes::kMagnitude) < floor) continue;
        tops[which].offer({row[c], tokens_ + r, c});
        floor = std::max(floor, tops[which].floor_bits());
      }
    }
    const std::lock_guard<std::mutex> lock(mutex);
    rest_->top.merge(tops[0]);
    first_->top.merge(tops[1]);
  });
  for (int64_t r = 0; r < windows * window_; ++r) {
    const RowFigures& row = rows[static_cast<size_t>(r)];
    (r % window_ == 0 ? first_ : rest_)->maxima.add(std::bit_cast<float>(row.absmax_bits));
    keep_token(row);
  }
}

void SiteAccumulator::keep_token(const RowFigures& row) {
  TokenFigures& t = kept_tokens_;
  if (static_cast<int64_t>(t.absmax.size()) >= options_.tokens_kept) return;
  t.absmax.push_back(std::bit_cast<float>(row.absmax_bits));
  t.mean.push_back(static_cast<float>(row.moments.mean));
  t.rms.push_back(static_cast<float>(row.moments.rms()));
  t.std.push_back(static_cast<float>(row.moments.std()));
  t.kurtosis.push_back(static_cast<float>(row.moments.kurtosis()));
}

void SiteAccumulator::refuse_not_finite(const float* x, int64_t rows) const {
  for (int64_t i = 0; i < rows * channels_; ++i) {
    if (std::isfinite(x[i])) continue;
    throw NumericError(site_name(layer_, site_) + ": token " + std::to_string(tokens_ + i / channels_) + ", channel " +
                       std::to_string(i % channels_) + ": expected a finite activation, found " + (std::isnan(x[i]) ? "NaN" : "infinity"));
  }
  throw NumericError(site_name(layer_, site_) + ": expected finite activations, found NaN or infinity");
}

SiteStatistics SiteAccumulator::finish() {
  SiteStatistics out;
  out.layer = layer_;
  out.site = site_;
  out.window = window_;
  if (channels_ == 0) throw Error(site_name(layer_, site_) + ": finished before any token was seen");
  out.all = figures({rest_.get(), first_.get()});
  out.without_first = figures({rest_.get()});
  out.tokens = std::move(kept_tokens_);
  out.full = std::move(full_);
  return out;
}

SiteFigures SiteAccumulator::figures(const std::vector<const Part*>& parts) const {
  SiteFigures out;
  TokenMaxima maxima(options_.exact_median_tokens);
  TopValues top(options_.top);
  SignedCounts counts;
  out.tensor.channels = channels_;
  for (const Part* part : parts) {
    out.tensor.tokens += part->tokens();
    maxima.merge(part->maxima);
    top.merge(part->top);
    counts.merge(part->counts);
  }
  out.channels = channel_figures(parts, out.tensor);
  out.top = top.values();
  LogHistogram& h = out.histogram;
  h.counts = magnitudes(counts, &h.first);
  h.zeros = counts.zeros;
  for (size_t i = 0; i < h.counts.size(); ++i) h.negative.push_back(counts.negative.at(h.first + static_cast<int>(i)));
  for (size_t i = 0; i < kQuantiles.size(); ++i) {
    out.tensor.quantiles[i] = quantile_of({h.counts, h.first, 1, h.zeros}, kQuantiles[i], out.tensor.absmax);
    out.tensor.share_above[i] = share_above(counts, out.tensor.mean, out.tensor.std, kSigmas[i], out.tensor.absmax);
  }
  maxima.write(out.tensor);
  out.token_histogram = maxima.histogram();
  return out;
}

ChannelFigures SiteAccumulator::channel_figures(const std::vector<const Part*>& parts, TensorFigures& tensor) const {
  ChannelFigures out;
  Moments whole;
  std::vector<uint64_t> counts(LogBins::kCoarseCount);
  for (int64_t c = 0; c < channels_; ++c) {
    Moments moments;
    float absmax = 0;
    uint64_t zeros = 0;
    int begin = LogBins::kCoarseCount, end = 0;
    const int64_t inside = c % ChannelBlock::kChannels;
    for (const Part* part : parts) {
      const ChannelBlock& block = part->blocks[static_cast<size_t>(c / ChannelBlock::kChannels)];
      moments.merge(block.moments(inside));
      absmax = std::max(absmax, block.absmax(inside));
      zeros += block.zeros(inside);
      begin = std::min(begin, block.first_bin());
      end = std::max(end, block.end_bin());
    }
    end = std::max(begin, end);
    const std::span<uint64_t> used(counts.data() + begin, static_cast<size_t>(end - begin));
    std::fill(used.begin(), used.end(), 0);
    for (const Part* part : parts) part->blocks[static_cast<size_t>(c / ChannelBlock::kChannels)].add_counts(inside, counts);
    out.absmax.push_back(absmax);
    out.mean.push_back(static_cast<float>(moments.mean));
    out.rms.push_back(static_cast<float>(moments.rms()));
    out.std.push_back(static_cast<float>(moments.std()));
    out.kurtosis.push_back(static_cast<float>(moments.kurtosis()));
    constexpr int kFine = LogBins::kPerOctave / LogBins::kCoarse;
    for (size_t i = 0; i < kQuantiles.size(); ++i) {
      out.quantiles[i].push_back(static_cast<float>(quantile_of({used, begin * kFine, kFine, zeros}, kQuantiles[i], absmax)));
    }
    whole.merge(moments);
    tensor.absmax = std::max(tensor.absmax, static_cast<double>(absmax));
  }
  tensor.mean = whole.mean;
  tensor.rms = whole.rms();
  tensor.std = whole.std();
  tensor.kurtosis = whole.kurtosis();
  return out;
}

size_t SiteAccumulator::bytes() const {
  return sizeof(*this) + (first_ ? first_->bytes() + rest_->bytes() : 0) + 5 * kept_tokens_.absmax.capacity() * sizeof(float) +
         full_.capacity() * sizeof(float);
}

}  // namespace rolora
