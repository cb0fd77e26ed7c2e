// SPDX-License-Identifier: GPL-3.0-or-later
// Against numbers that other people's libraries made of two trained models (../shared/reference/quantization.json; its notes define every
// entry): statistics of the linears' inputs on the first four windows, plain, folded and rotated, and rounding errors of the weights.
#include <gtest/gtest.h>
#include <torch/types.h>

#include "core/evaluation/corpus.h"
#include "core/model/checkpoint.h"
#include "core/rotation/rotated_source.h"
#include "core/statistics/states.h"
#include "tests/support/folders.h"
#include "tests/support/near.h"

namespace rolora {
namespace {

// The notes allow 1e-3 and 1e-4; two fp32 forwards differ by 1e-6, and the numbers have seven digits.
constexpr double kKurtosis = 1e-5, kMaximum = 1e-5, kMedian = 1e-5, kWeightError = 1e-4;

struct Site {
  SiteKind kind;
  const char* statistics;  ///< its name in `input_stats`
  const char* linear;      ///< a linear that reads it
};
constexpr Site kSites[] = {{SiteKind::qkv_in, "qkv", "self_attn.q_proj"},
                           {SiteKind::o_in, "o", "self_attn.o_proj"},
                           {SiteKind::gate_up_in, "gate_up", "mlp.up_proj"},
                           {SiteKind::down_in, "down", "mlp.down_proj"}};

class StatisticsReference : public testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    ROLORA_NEEDS_SHARED("reference/quantization.json");
    ROLORA_NEEDS_SHARED("data/tinystories.txt");
    ROLORA_NEEDS_SHARED(std::string("models/") + GetParam());
    numbers_ = read_json_file(test::shared_folder() / "reference/quantization.json")["models"][GetParam()];
    const std::filesystem::path folder = test::shared_folder() / "models" / GetParam();
    model_ = std::make_shared<const Checkpoint>(folder);
    const IdStream stream = ids_of_text(test::shared_folder() / "data/tinystories.txt", Corpus::text, *open_tokenizer(folder));
    windows_ = cut_windows(stream, numbers_["context"].get<int64_t>(), /*keep_tail=*/false, 4).full;
  }
  StatisticsResult collect(const ModelSource& source, bool weights = false) {
    StatisticsOptions options;
    options.weights = weights;
    SilentMonitor monitor;
    return collect_statistics(source, windows_, options, monitor);
  }
  template <class Check>
  void for_each_site(const StatisticsResult& result, const Check& check) {
    for (int64_t layer = 0; layer < model_->config().layers; ++layer) {
      for (const Site& site : kSites) {
        SCOPED_TRACE(site_name(LayerIndex(layer), site.kind));
        check(result.find(site_name(LayerIndex(layer), site.kind))->all.tensor,
              numbers_["rotation"]["input_stats"][std::to_string(layer) + "." + site.statistics], layer, site);
      }
    }
  }

  Json numbers_;
  std::shared_ptr<const Checkpoint> model_;
  at::Tensor windows_;
};

TEST_P(StatisticsReference, PlainInputsHaveTheReferencesKurtosisMaximumAndMedian) {
  const StatisticsResult result = collect(*model_);
  for_each_site(result, [&](const TensorFigures& found, const Json& expected, int64_t layer, const Site& site) {
    const Json& plain = expected["plain"];
    EXPECT_TRUE(test::near_relative(found.kurtosis, plain["kurtosis"], kKurtosis));
    EXPECT_TRUE(test::near_relative(found.absmax, plain["max"], kMaximum));
    EXPECT_TRUE(test::near_relative(found.token_median, plain["tokmax_median"], kMedian));
    EXPECT_TRUE(found.median_exact);
    const Json& linear = numbers_["linears_first4windows"]["layers." + std::to_string(layer) + "." + site.linear];
    EXPECT_TRUE(test::near_relative(found.kurtosis, linear["kurtosis"], kKurtosis));
  });
}

TEST_P(StatisticsReference, FoldedInputsHaveTheReferencesKurtosisAndMaximum) {
  const StatisticsResult result = collect(*folded_state(model_, "hash").source);
  for_each_site(result, [&](const TensorFigures& found, const Json& expected, int64_t, const Site&) {
    EXPECT_TRUE(test::near_relative(found.kurtosis, expected["folded"]["kurtosis"], kKurtosis));
    EXPECT_TRUE(test::near_relative(found.absmax, expected["folded"]["max"], kMaximum));
  });
}

// R4 has no signs, so down_in (and o_in, which R1 and R4 leave alone) are exact; qkv_in and gate_up_in depend on the draw of R1's signs.
TEST_P(StatisticsReference, RotatedInputsAreExactBehindR4AndWithinTheSpreadBehindR1) {
  RotationSettings settings;
  settings.seed = 3;
  const RotatedSource rotated(model_, make_rotation(*model_, "hash", settings));
  const StatisticsResult result = collect(rotated);
  for_each_site(result, [&](const TensorFigures& found, const Json& expected, int64_t, const Site& site) {
    const Json &kurtosis = expected["R1had_R4had_kurtosis"], &maximum = expected["R1had_R4had_max"];
    if (site.kind == SiteKind::down_in || site.kind == SiteKind::o_in) {
      EXPECT_TRUE(test::near_relative(found.kurtosis, kurtosis["mean"], kKurtosis));
      EXPECT_TRUE(test::near_relative(found.absmax, maximum["mean"], kMaximum));
      return;
    }
    const double mean = kurtosis["mean"], spread = std::max(4 * kurtosis["std"].get<double>(), 0.01 * mean);
    EXPECT_NEAR(found.kurtosis, mean, spread);
    const double most = maximum["mean"], room = std::max(4 * maximum["std"].get<double>(), 0.01 * most);
    EXPECT_NEAR(found.absmax, most, room);
  });
}

TEST_P(StatisticsReference, WeightsRoundWithTheReferencesErrors) {
  const StatisticsResult result = collect(*model_, /*weights=*/true);
  int compared = 0;
  for (const LinearStatistics& linear : result.linears) {
    const Json& expected = numbers_["linears_first4windows"][linear.name.substr(std::string("model.").size())];
    EXPECT_TRUE(test::near_relative(linear.rtn_mse, expected["w_mse"], kWeightError)) << linear.name;
    EXPECT_TRUE(test::near_relative(linear.rtn_relative_error, expected["w_rel"], kWeightError)) << linear.name;
    ++compared;
  }
  EXPECT_EQ(compared, 7 * model_->config().layers);
}

INSTANTIATE_TEST_SUITE_P(Models, StatisticsReference, testing::Values("story", "stories260K"),
                         [](const auto& model) { return std::string(model.param); });

}  // namespace
}  // namespace rolora
