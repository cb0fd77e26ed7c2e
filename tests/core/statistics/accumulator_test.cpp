// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/statistics/site_accumulator.h"

#include <ATen/Parallel.h>
#include <gtest/gtest.h>
#include <torch/types.h>

#include "core/base/error.h"
#include "tests/core/statistics/brute_force.h"
#include "tests/support/near.h"

namespace rolora {
namespace {

using test::Matrix;

constexpr int64_t kWindows = 6, kWindow = 150, kChannels = 200, kOutlierRow = 317, kOutlierChannel = 133;

const Matrix& activations() {
  static const Matrix m = test::random_activations(kWindows, kWindow, kChannels, 7, kOutlierRow, kOutlierChannel);
  return m;
}

torch::Tensor tensor_of(const Matrix& m, int64_t window) { return torch::tensor(m.values).view({m.rows / window, window, m.columns}); }

SiteStatistics collected(const Matrix& m, int64_t window, const std::vector<int64_t>& batches, const AccumulatorOptions& options = {}) {
  SiteAccumulator accumulator(LayerIndex(3), SiteKind::down_in, window, options, false);
  int64_t at = 0;
  for (const int64_t size : batches) {
    accumulator.add(tensor_of(m, window).slice(0, at, at + size));
    at += size;
  }
  EXPECT_EQ(at * window, m.rows);
  return accumulator.finish();
}

void expect_tensor_figures(const TensorFigures& found, const Matrix& m) {
  const test::Expected expected = test::expected_of(m.values);
  EXPECT_EQ(found.tokens, m.rows);
  EXPECT_EQ(found.channels, m.columns);
  EXPECT_EQ(found.absmax, expected.absmax);
  EXPECT_NEAR(found.mean, expected.mean, 1e-13 * expected.rms);
  EXPECT_TRUE(test::near_relative(found.rms, expected.rms, 1e-12));
  EXPECT_TRUE(test::near_relative(found.std, expected.std, 1e-12));
  EXPECT_TRUE(test::near_relative(found.kurtosis, expected.kurtosis, 1e-11));
  for (size_t i = 0; i < kQuantiles.size(); ++i) {
    EXPECT_TRUE(
        test::near_relative(found.quantiles[i], test::quantile_by_sorting(m.values, kQuantiles[i]), std::exp2(1.0 / 128) - 1 + 1e-12));
    // A bin may fall on either side of the limit: half a bin of the magnitude there.
    const double limit = kSigmas[i] * expected.std, slack = (limit + std::fabs(expected.mean)) * 0.0055;
    const auto n = static_cast<double>(m.values.size());
    EXPECT_GE(found.share_above[i], static_cast<double>(test::count_beyond(m.values, expected.mean, limit + slack)) / n);
    EXPECT_LE(found.share_above[i], static_cast<double>(test::count_beyond(m.values, expected.mean, limit - slack)) / n);
  }
}

void expect_channel_figures(const ChannelFigures& found, const Matrix& m) {
  ASSERT_EQ(static_cast<int64_t>(found.absmax.size()), m.columns);
  for (int64_t c = 0; c < m.columns; ++c) {
    const std::vector<float> column = m.column(c);
    const test::Expected expected = test::expected_of(column);
    const auto i = static_cast<size_t>(c);
    EXPECT_EQ(found.absmax[i], expected.absmax);
    EXPECT_NEAR(found.mean[i], expected.mean, 1e-6 * expected.rms);
    EXPECT_TRUE(test::near_relative(found.rms[i], expected.rms, 1e-6));
    EXPECT_NEAR(found.std[i], expected.std, 1e-6 * expected.rms);
    if (expected.std > 0) {
      EXPECT_TRUE(test::near_relative(found.kurtosis[i], expected.kurtosis, 1e-6));
    } else {
      EXPECT_TRUE(std::isnan(found.kurtosis[i]));
    }
    for (size_t q = 0; q < kQuantiles.size(); ++q) {
      EXPECT_TRUE(
          test::near_relative(found.quantiles[q][i], test::quantile_by_sorting(column, kQuantiles[q]), std::exp2(1.0 / 16) - 1 + 1e-6));
    }
  }
}

TEST(SiteAccumulator, AgreesWithTheDefinitionsOnAllTokens) {
  const SiteStatistics found = collected(activations(), kWindow, {4, 2});
  expect_tensor_figures(found.all.tensor, activations());
  expect_channel_figures(found.all.channels, activations());
  EXPECT_EQ(found.name(), "layers.3.down_in");
}

TEST(SiteAccumulator, AgreesWithTheDefinitionsWithoutTheFirstTokens) {
  const SiteStatistics found = collected(activations(), kWindow, {6});
  const Matrix rest = activations().without_first(kWindow);
  expect_tensor_figures(found.without_first.tensor, rest);
  expect_channel_figures(found.without_first.channels, rest);
}

TEST(SiteAccumulator, CountsEveryValueInItsBin) {
  const SiteStatistics found = collected(activations(), kWindow, {6});
  const LogHistogram& h = found.all.histogram;
  const std::vector<double> edges = h.edges();
  ASSERT_EQ(edges.size(), h.counts.size() + 1);
  std::vector<uint64_t> counts(h.counts.size()), negative(h.counts.size());
  uint64_t zeros = 0;
  for (const float v : activations().values) {
    if (v == 0) {
      ++zeros;
      continue;
    }
    const auto bin = std::upper_bound(edges.begin(), edges.end(), std::fabs(static_cast<double>(v))) - edges.begin() - 1;
    ++counts.at(static_cast<size_t>(bin));
    if (v < 0) ++negative.at(static_cast<size_t>(bin));
  }
  EXPECT_EQ(h.counts, counts);
  EXPECT_EQ(h.negative, negative);
  EXPECT_EQ(h.zeros, zeros);
  EXPECT_GT(zeros, 0u);
}

TEST(SiteAccumulator, FindsThePlantedOutlierAndTheExactLargestValues) {
  const SiteStatistics found = collected(activations(), kWindow, {1, 5});
  EXPECT_EQ(found.all.top.front(), (Outlier{-1e6f, kOutlierRow, kOutlierChannel}));
  std::vector<Outlier> all;
  for (int64_t r = 0; r < activations().rows; ++r) {
    for (int64_t c = 0; c < kChannels; ++c) all.push_back({activations().at(r, c), r, c});
  }
  const auto larger = [](const Outlier& a, const Outlier& b) { return std::fabs(a.value) > std::fabs(b.value); };
  std::stable_sort(all.begin(), all.end(), larger);  // rows and columns stand in order, so ties stay in order
  EXPECT_EQ(found.all.top, std::vector<Outlier>(all.begin(), all.begin() + 64));
  std::erase_if(all, [](const Outlier& o) { return o.token % kWindow == 0; });
  EXPECT_EQ(found.without_first.top, std::vector<Outlier>(all.begin(), all.begin() + 64));
}

TEST(SiteAccumulator, TiesGoToTheEarlierTokenThenTheLowerChannel) {
  Matrix m{40, 30, std::vector<float>(40 * 30)};
  for (size_t i = 0; i < m.values.size(); ++i) m.values[i] = i % 2 == 0 ? 2.0f : -2.0f;
  const SiteStatistics found = collected(m, 10, {1, 3});
  ASSERT_EQ(found.all.top.size(), 64u);
  for (int64_t i = 0; i < 64; ++i) EXPECT_EQ(found.all.top[static_cast<size_t>(i)], (Outlier{i % 2 == 0 ? 2.0f : -2.0f, i / 30, i % 30}));
}

void expect_same(const SiteFigures& a, const SiteFigures& b) {
  const auto same = [](const std::vector<float>& x, const std::vector<float>& y) {
    return x.size() == y.size() && std::memcmp(x.data(), y.data(), x.size() * sizeof(float)) == 0;  // NaN of constant channels included
  };
  EXPECT_EQ(a.tensor.kurtosis, b.tensor.kurtosis);
  EXPECT_EQ(a.tensor.mean, b.tensor.mean);
  EXPECT_EQ(a.tensor.token_median, b.tensor.token_median);
  EXPECT_TRUE(same(a.channels.kurtosis, b.channels.kurtosis));
  EXPECT_TRUE(same(a.channels.mean, b.channels.mean));
  EXPECT_TRUE(same(a.channels.quantiles[1], b.channels.quantiles[1]));
  EXPECT_EQ(a.histogram.counts, b.histogram.counts);
  EXPECT_EQ(a.token_histogram.counts, b.token_histogram.counts);
  EXPECT_EQ(a.top, b.top);
}

TEST(SiteAccumulator, BatchesAndThreadsDoNotChangeABit) {
  const int threads = at::get_num_threads();
  at::set_num_threads(1);
  const SiteStatistics one = collected(activations(), kWindow, {6});
  const SiteStatistics many = collected(activations(), kWindow, {1, 1, 1, 1, 1, 1});
  at::set_num_threads(3);
  const SiteStatistics threaded = collected(activations(), kWindow, {2, 4});
  at::set_num_threads(threads);
  for (const SiteStatistics* other : {&many, &threaded}) {
    expect_same(one.all, other->all);
    expect_same(one.without_first, other->without_first);
    EXPECT_EQ(one.tokens.rms, other->tokens.rms);
  }
}

TEST(SiteAccumulator, TokenFiguresAreThoseOfEachRow) {
  AccumulatorOptions options;
  options.tokens_kept = 500;
  const SiteStatistics found = collected(activations(), kWindow, {6}, options);
  ASSERT_EQ(found.tokens.absmax.size(), 500u);
  std::vector<float> maxima;
  for (int64_t r = 0; r < activations().rows; ++r) {
    const test::Expected expected = test::expected_of(activations().row(r));
    maxima.push_back(static_cast<float>(expected.absmax));
    const auto i = static_cast<size_t>(r);
    if (i >= 500) continue;
    EXPECT_EQ(found.tokens.absmax[i], expected.absmax);
    EXPECT_NEAR(found.tokens.mean[i], expected.mean, 1e-6 * expected.rms);
    EXPECT_TRUE(test::near_relative(found.tokens.rms[i], expected.rms, 1e-6));
    EXPECT_TRUE(test::near_relative(found.tokens.std[i], expected.std, 1e-6));
    EXPECT_TRUE(test::near_relative(found.tokens.kurtosis[i], expected.kurtosis, 1e-6));
  }
  std::sort(maxima.begin(), maxima.end());
  const TensorFigures& t = found.all.tensor;
  EXPECT_TRUE(t.median_exact);
  EXPECT_EQ(t.token_median, 0.5 * (static_cast<double>(maxima[449]) + maxima[450]));
  EXPECT_EQ(t.token_top[0], maxima[899]);
  EXPECT_EQ(t.token_top[2], maxima[897]);
  EXPECT_EQ(t.token_least, maxima[0]);
  EXPECT_EQ(t.token_ratio(), maxima[899] / t.token_median);
}

TEST(SiteAccumulator, BeyondTheHeldTokensTheMedianComesFromTheHistogram) {
  AccumulatorOptions options;
  options.exact_median_tokens = 100;
  const TensorFigures exact = collected(activations(), kWindow, {6}).all.tensor;
  const TensorFigures read = collected(activations(), kWindow, {6}, options).all.tensor;
  EXPECT_FALSE(read.median_exact);
  EXPECT_TRUE(test::near_relative(read.token_median, exact.token_median, 0.0065));  // a bin, and the rank between two neighbours
  EXPECT_NE(read.token_median, exact.token_median);
}

TEST(SiteAccumulator, MemoryDoesNotGrowWithTokens) {
  AccumulatorOptions options;
  options.tokens_kept = 100;
  options.exact_median_tokens = kWindows;  // reached by the first tokens at once
  SiteAccumulator accumulator(LayerIndex(0), SiteKind::down_in, kWindow, options, false);
  const torch::Tensor x = tensor_of(activations(), kWindow);
  accumulator.add(x);
  const size_t once = accumulator.bytes();
  for (int i = 0; i < 20; ++i) accumulator.add(x);
  EXPECT_EQ(accumulator.bytes(), once);
  EXPECT_EQ(accumulator.tokens(), 21 * kWindows * kWindow);
}

TEST(SiteAccumulator, HeadsAreFlattenedToChannels) {
  SiteAccumulator flat(LayerIndex(0), SiteKind::k_out, kWindow, {}, false), heads(LayerIndex(0), SiteKind::k_out, kWindow, {}, false);
  const torch::Tensor x = tensor_of(activations(), kWindow);
  flat.add(x);
  heads.add(x.view({kWindows, kWindow, 8, kChannels / 8}));
  expect_same(flat.finish().all, heads.finish().all);
}

TEST(SiteAccumulator, KeepsTheFullTensorOnlyWhenAsked) {
  SiteAccumulator keeping(LayerIndex(0), SiteKind::down_in, kWindow, {}, true);
  const torch::Tensor x = tensor_of(activations(), kWindow);
  keeping.add(x.slice(0, 0, 1));
  keeping.add(x.slice(0, 1, kWindows));
  EXPECT_EQ(keeping.finish().full, activations().values);
  for (const int64_t tokens : {int64_t{1}, kWindow, kWindow + 3}) {  // within a batch, at its end, within the next one
    AccumulatorOptions first_ones;
    first_ones.tokens_of_full = tokens;
    SiteAccumulator some(LayerIndex(0), SiteKind::down_in, kWindow, first_ones, true);
    some.add(x.slice(0, 0, 1));
    some.add(x.slice(0, 1, kWindows));
    std::vector<float> expected = activations().values;
    expected.resize(static_cast<size_t>(tokens * x.size(2)));
    EXPECT_EQ(some.finish().full, expected) << tokens;
  }
  EXPECT_TRUE(collected(activations(), kWindow, {6}).full.empty());
}

TEST(SiteAccumulator, RefusesWhatIsNotFiniteAndSaysWhere) {
  for (const float bad : {std::numeric_limits<float>::quiet_NaN(), -std::numeric_limits<float>::infinity()}) {
    Matrix m = activations();
    m.at(kWindow + 5, 77) = bad;
    SiteAccumulator accumulator(LayerIndex(2), SiteKind::o_in, kWindow, {}, false);
    accumulator.add(tensor_of(m, kWindow).slice(0, 0, 1));
    try {
      accumulator.add(tensor_of(m, kWindow).slice(0, 1, 2));
      FAIL() << "accepted " << bad;
    } catch (const NumericError& error) {
      EXPECT_NE(std::string(error.what()).find("layers.2.o_in: token 155, channel 77"), std::string::npos) << error.what();
    }
  }
}

}  // namespace
}  // namespace rolora
