// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/statistics/collect.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/types.h>

#include "core/base/error.h"
#include "core/statistics/states.h"
#include "tests/core/statistics/brute_force.h"
#include "tests/support/near.h"
#include "tests/support/random_model.h"

namespace rolora {
namespace {

using testing::HasSubstr;

constexpr int64_t kWindows = 5, kContext = 12;

class Collect : public testing::Test {
 protected:
  Collect() {
    test::write_random_model(folder_.path(), test::small_config());
    model_ = std::make_shared<const Checkpoint>(folder_.path());
    windows_ = test::random_ids(kWindows, kContext, 50);
  }
  StatisticsResult collect(const StatisticsOptions& options) { return collect_statistics(*model_, windows_, options, monitor_); }

  test::TempFolder folder_;
  std::shared_ptr<const Checkpoint> model_;
  at::Tensor windows_;
  SilentMonitor monitor_;
};

// What passes the observation stage, kept whole by a listener of the test's own.
class Recorder final : public SiteListener {
 public:
  at::Tensor visit(const SiteVisit& where, const at::Tensor& x) override {
    const at::Tensor flat = x.reshape({x.size(0) * x.size(1), -1}).to(at::kFloat).contiguous();
    test::Matrix& m = seen[site_name(where.layer, where.site)];
    m.columns = flat.size(1);
    m.rows += flat.size(0);
    m.values.insert(m.values.end(), flat.const_data_ptr<float>(), flat.const_data_ptr<float>() + flat.numel());
    return x;
  }
  std::map<std::string, test::Matrix> seen;
};

TEST_F(Collect, EverySiteHasTheFiguresOfWhatPassedThere) {
  const StatisticsResult result = collect({});
  const auto recorder = std::make_shared<Recorder>();
  Listeners listeners;
  listeners.add(ListenerStage::observation, recorder);
  run_layerwise(*model_, windows_, listeners, {}, monitor_, "test");
  ASSERT_EQ(result.sites.size(), 2 * kReportedSites.size());
  EXPECT_EQ(result.tokens(), kWindows * kContext);
  size_t at = 0;
  for (int64_t layer = 0; layer < 2; ++layer) {
    for (const SiteKind kind : kReportedSites) {
      const SiteStatistics& site = result.sites[at++];
      ASSERT_EQ(site.name(), site_name(LayerIndex(layer), kind));
      const test::Matrix& m = recorder->seen.at(site.name());
      const test::Expected expected = test::expected_of(m.values);
      EXPECT_EQ(site.all.tensor.tokens, kWindows * kContext) << site.name();
      EXPECT_EQ(site.all.tensor.channels, m.columns) << site.name();
      EXPECT_EQ(site.all.tensor.absmax, expected.absmax) << site.name();
      EXPECT_TRUE(test::near_relative(site.all.tensor.kurtosis, expected.kurtosis, 1e-11)) << site.name();
      const test::Expected rest = test::expected_of(m.without_first(kContext).values);
      EXPECT_TRUE(test::near_relative(site.without_first.tensor.kurtosis, rest.kurtosis, 1e-11)) << site.name();
    }
  }
}

TEST_F(Collect, LooksOnlyAtTheSitesAskedFor) {
  StatisticsOptions options;
  options.sites = {"down_in", "layers.1.v_out"};
  options.weights = false;
  const StatisticsResult result = collect(options);
  std::vector<std::string> names;
  for (const SiteStatistics& site : result.sites) names.push_back(site.name());
  EXPECT_THAT(names, testing::ElementsAre("layers.0.down_in", "layers.1.v_out", "layers.1.down_in"));
  EXPECT_TRUE(result.linears.empty());
  EXPECT_NE(result.find("layers.1.v_out"), nullptr);
  EXPECT_EQ(result.find("layers.0.v_out"), nullptr);
}

TEST_F(Collect, RefusesSitesThatDoNotExist) {
  for (const char* bad : {"down", "layers.2.down_in", "layers.0.q_out", "layers.-1.down_in", ""}) {
    StatisticsOptions options;
    options.sites = {bad};
    try {
      collect(options);
      ADD_FAILURE() << bad << " was accepted";
    } catch (const UsageError& e) {
      EXPECT_THAT(e.what(), HasSubstr("--sites: expected one of residual_in, qkv_in"));
    }
  }
}

TEST_F(Collect, KeepsWholeTensorsOnlyWhereAskedAndWithinTheCap) {
  StatisticsOptions options;
  options.keep = {"layers.0.down_in"};
  const StatisticsResult result = collect(options);
  for (const SiteStatistics& site : result.sites) {
    EXPECT_EQ(site.full.size(), site.name() == "layers.0.down_in" ? static_cast<size_t>(kWindows * kContext * 40) : 0u);
  }
  options.keep_bytes = kWindows * kContext * 40 * sizeof(float) - 1;
  EXPECT_THROW(collect(options), UsageError);
  options.keep_bytes += 1;
  EXPECT_NO_THROW(collect(options));
  options.sites = {"o_in"};
  EXPECT_THROW(collect(options), UsageError);
}

TEST_F(Collect, BatchesAndGroupsOfWindowsGiveTheSameResult) {
  const StatisticsResult whole = collect({});
  StatisticsOptions options;
  options.pass.batch_tokens = kContext;
  options.pass.group_bytes = 2 * kContext * 24 * sizeof(float);  // two windows at a time
  const StatisticsResult parts = collect(options);
  ASSERT_EQ(parts.sites.size(), whole.sites.size());
  for (size_t i = 0; i < whole.sites.size(); ++i) {
    EXPECT_EQ(parts.sites[i].name(), whole.sites[i].name());
    EXPECT_EQ(parts.sites[i].all.tensor.tokens, kWindows * kContext);
    // The forward itself may round differently in smaller batches.
    EXPECT_TRUE(test::near_relative(parts.sites[i].all.tensor.kurtosis, whole.sites[i].all.tensor.kurtosis, 1e-5));
    EXPECT_EQ(parts.sites[i].all.top.front().token, whole.sites[i].all.top.front().token);
  }
}

TEST_F(Collect, WeighsEveryLinear) {
  const StatisticsResult result = collect({});
  ASSERT_EQ(result.linears.size(), 14u);
  const LinearStatistics& down = result.linears[13];
  EXPECT_EQ(down.name, "model.layers.1.mlp.down_proj");
  EXPECT_EQ(down.rows, 24);
  EXPECT_EQ(down.columns, 40);
  const at::Tensor w = model_->layer(LayerIndex(1), {})[LinearKind::down].weight;
  EXPECT_EQ(down.absmax, w.abs().max().item<float>());
}

// The same weights with a low-rank term beside one linear, not merged.
class WithAdapter final : public ModelSource {
 public:
  explicit WithAdapter(std::shared_ptr<const Checkpoint> base) : base_(std::move(base)) {}
  const ModelConfig& config() const override { return base_->config(); }
  LayerWeights layer(LayerIndex index, const Compute& compute) const override {
    LayerWeights weights = base_->layer(index, compute);
    if (index.value == 1) {
      at::Tensor b = at::zeros({24, 1});
      b[7].fill_(3.0);
      weights[LinearKind::down].adapter = std::make_shared<AdapterTerm>(AdapterTerm{at::ones({1, 40}), b, 2.0, 0.0, false});
    }
    return weights;
  }
  at::Tensor embed(const at::Tensor& ids, const Compute& compute) const override { return base_->embed(ids, compute); }
  at::Tensor final_norm(const Compute& compute) const override { return base_->final_norm(compute); }
  at::Tensor head(const Compute& compute) const override { return base_->head(compute); }
  void attach(Listeners& listeners, const Compute& compute) const override { base_->attach(listeners, compute); }

 private:
  std::shared_ptr<const Checkpoint> base_;
};

TEST_F(Collect, WeighsAnAdapterWithTheWeightItChanges) {
  const StatisticsResult result = collect_statistics(WithAdapter(model_), windows_, {}, monitor_);
  const at::Tensor w = model_->layer(LayerIndex(1), {})[LinearKind::down].weight;
  EXPECT_EQ(result.linears[13].absmax, w[7].add(6.0).abs().max().item<float>()) << "scaling 2 times B = 3 times A = 1, on row 7";
  EXPECT_EQ(result.linears[12].absmax, collect({}).linears[12].absmax);
}

class StopsAtOnce final : public Monitor {
 public:
  void progress(std::string_view, int64_t, int64_t) override {}
  void metric(std::string_view, int64_t, double) override {}
  void notice(std::string_view) override {}
  bool stop_requested() const override { return true; }
};

TEST_F(Collect, StopsWhenAsked) {
  StopsAtOnce monitor;
  EXPECT_THROW(collect_statistics(*model_, windows_, {}, monitor), Cancelled);
}

TEST_F(Collect, RefusesWindowsWithoutASecondToken) {
  EXPECT_THROW(collect_statistics(*model_, windows_.slice(1, 0, 1), {}, monitor_), UsageError);
}

// A model with coarse fake quantization: every site's tensor is rounded to integers on its way on.
class Rounded final : public ModelSource {
 public:
  explicit Rounded(std::shared_ptr<const ModelSource> base) : base_(std::move(base)) {}
  const ModelConfig& config() const override { return base_->config(); }
  LayerWeights layer(LayerIndex index, const Compute& compute) const override { return base_->layer(index, compute); }
  at::Tensor embed(const at::Tensor& ids, const Compute& compute) const override { return base_->embed(ids, compute); }
  at::Tensor final_norm(const Compute& compute) const override { return base_->final_norm(compute); }
  at::Tensor head(const Compute& compute) const override { return base_->head(compute); }
  void attach(Listeners& listeners, const Compute&) const override {
    class Round final : public SiteListener {
      at::Tensor visit(const SiteVisit& where, const at::Tensor& x) override { return where.site == SiteKind::residual_in ? x : x.round(); }
    };
    listeners.add(ListenerStage::quantization, std::make_shared<Round>());
  }

 private:
  std::shared_ptr<const ModelSource> base_;
};

// What the file's attribute `observed` says.
TEST_F(Collect, SeesWhatTheQuantizersMeetNotWhatTheyMake) {
  StatisticsOptions options;
  options.keep = {"layers.0.qkv_in", "layers.0.v_out", "layers.1.qkv_in"};
  const StatisticsResult exact = collect(options);
  const StatisticsResult rounded = collect_statistics(Rounded(model_), windows_, options, monitor_);
  EXPECT_EQ(rounded.find("layers.0.qkv_in")->full, exact.find("layers.0.qkv_in")->full);  // nothing was rounded before it
  for (const char* behind : {"layers.0.v_out", "layers.1.qkv_in"}) {                      // rounding in front is in effect, its own not
    const std::vector<float>& values = rounded.find(behind)->full;
    EXPECT_NE(values, exact.find(behind)->full) << behind;
    EXPECT_TRUE(std::any_of(values.begin(), values.end(), [](float v) { return v != std::round(v); })) << behind;
  }
}

// Folding moves the gains out of the norms: the fold's qkv_in is the plain one divided by the gain, its o_in and residual are the same.
TEST_F(Collect, TheFoldedStateDiffersOnlyBehindTheNorms) {
  const std::vector<ModelState> states = {{"plain", model_, "hash", std::nullopt}, folded_state(model_, "hash")};
  const std::vector<StatisticsOfState> both = collect_states(states, windows_, {}, monitor_);
  ASSERT_EQ(both.size(), 2u);
  EXPECT_TRUE(both[0].rotation.is_null());
  EXPECT_FALSE(both[1].rotation_checksum.empty());
  const at::Tensor gains = model_->layer(LayerIndex(0), {}).input_norm;
  const SiteStatistics &plain = *both[0].result.find("layers.0.qkv_in"), &folded = *both[1].result.find("layers.0.qkv_in");
  for (int64_t c = 0; c < 24; ++c) {
    const auto i = static_cast<size_t>(c);
    EXPECT_TRUE(test::near_relative(folded.all.channels.rms[i], plain.all.channels.rms[i] / std::fabs(gains[c].item<float>()), 1e-5));
    EXPECT_TRUE(test::near_relative(folded.all.channels.kurtosis[i], plain.all.channels.kurtosis[i], 1e-4));
  }
  for (const char* same : {"layers.1.residual_in", "layers.1.o_in", "layers.1.k_out", "layers.1.down_in"}) {
    EXPECT_TRUE(test::near_relative(both[1].result.find(same)->all.tensor.kurtosis, both[0].result.find(same)->all.tensor.kurtosis, 1e-4));
  }
}

}  // namespace
}  // namespace rolora
