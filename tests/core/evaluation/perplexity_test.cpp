// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/evaluation/perplexity.h"

#include <ATen/Functions.h>
#include <ATen/core/grad_mode.h>
#include <gtest/gtest.h>

#include "core/base/error.h"
#include "core/model/checkpoint.h"
#include "tests/support/near.h"
#include "tests/support/random_model.h"

namespace rolora {
namespace {

using test::near_relative;

PassOptions in(at::ScalarType type) {
  PassOptions options;
  options.compute.type = type;
  return options;
}

class Notices final : public Monitor {
 public:
  void progress(std::string_view, int64_t, int64_t) override {}
  void metric(std::string_view, int64_t, double) override {}
  void notice(std::string_view line) override { lines.emplace_back(line); }
  bool stop_requested() const override { return false; }
  std::vector<std::string> lines;
};

// Against log-softmax of whole logits in fp64: every predicted token counts the same, in full windows and in the tail.
TEST(Perplexity, IsTheMeanOverAllPredictedTokens) {
  const at::NoGradGuard no_grad;
  const test::TempFolder folder;
  test::write_random_model(folder.path(), test::small_config());
  const Checkpoint checkpoint(folder.path());
  const at::Tensor full = test::random_ids(3, 9, 50), tail = test::random_ids(1, 4, 50, 2);
  const ResidentModel model(checkpoint, {at::kDouble, at::kCPU});
  std::vector<double> means;
  double sum = 0;
  for (const at::Tensor& window : {full[0], full[1], full[2], tail[0]}) {
    const int64_t predicted = window.numel() - 1;
    const at::Tensor log_p = at::log_softmax(model.logits(window.unsqueeze(0))[0].slice(0, 0, predicted), 1);
    const double nll = -log_p.gather(1, window.slice(0, 1).unsqueeze(1)).sum().item<double>();
    means.push_back(nll / static_cast<double>(predicted));
    sum += nll;
  }
  Notices monitor;
  PassOptions options = in(at::kDouble);
  options.batch_tokens = 18;
  const PerplexityResult result = perplexity(checkpoint, {full, tail[0], 9}, options, monitor);
  EXPECT_EQ(result.tokens, 3 * 8 + 3);
  EXPECT_TRUE(near_relative(result.nll, sum / 27, 1e-13));
  EXPECT_TRUE(near_relative(result.perplexity, std::exp(sum / 27), 1e-13));
  ASSERT_EQ(result.window_nll.size(), 4u);
  for (size_t i = 0; i < 4; ++i) EXPECT_TRUE(near_relative(result.window_nll[i], means[i], 1e-13));
  EXPECT_TRUE(monitor.lines.empty());
}

TEST(Perplexity, SaysWhenWindowsReachBeyondTheContext) {
  const test::TempFolder folder;
  test::write_random_model(folder.path(), test::small_config());
  Notices monitor;
  perplexity(Checkpoint(folder.path()), {test::random_ids(1, 65, 50), {}, 65}, in(at::kFloat), monitor);
  ASSERT_EQ(monitor.lines.size(), 1u);
  EXPECT_NE(monitor.lines[0].find("64"), std::string::npos);
}

TEST(Perplexity, RefusesWhatPredictsNothing) {
  const test::TempFolder folder;
  test::write_random_model(folder.path(), test::small_config());
  SilentMonitor silent;
  EXPECT_THROW(perplexity(Checkpoint(folder.path()), {at::empty({0, 8}, at::kLong), {}, 8}, in(at::kFloat), silent), InputError);
}

// fp16 overflows on weights that fp32 takes: an error that says so, not a NaN.
TEST(Perplexity, ALikelihoodThatIsNotFiniteIsAnError) {
  const test::TempFolder folder;
  test::NamedTensors tensors = test::write_random_model(folder.path(), test::small_config());
  for (const char* name : {"model.layers.0.mlp.up_proj.weight", "model.layers.0.mlp.gate_proj.weight"}) tensors[name] *= 3000;
  test::write_tensors(folder / "model.safetensors", tensors, at::kFloat);
  const Checkpoint checkpoint(folder.path());
  SilentMonitor silent;
  const Windows windows = {test::random_ids(1, 8, 50), {}, 8};
  EXPECT_NO_THROW(perplexity(checkpoint, windows, in(at::kFloat), silent));
  EXPECT_THROW(perplexity(checkpoint, windows, in(at::kHalf), silent), NumericError);
}

class PerplexityGoldens : public ::testing::TestWithParam<const char*> {};

TEST_P(PerplexityGoldens, TinyStoriesEqualsTransformers) {
  ROLORA_NEEDS_SHARED("reference/goldens.json");
  const Json golden = read_json_file(test::shared_folder() / "reference/goldens.json")[GetParam()]["tinystories_ppl"];
  const std::filesystem::path folder = test::shared_folder() / "models" / GetParam();
  const Checkpoint checkpoint(folder);
  const IdStream stream = ids_of_text(test::shared_folder() / "data/tinystories.txt", Corpus::text, *open_tokenizer(folder));
  EXPECT_EQ(static_cast<int64_t>(stream.ids.size()), golden["tokens"].get<int64_t>());
  const Windows windows = cut_windows(stream, default_context(checkpoint.config(), std::nullopt), false);
  EXPECT_EQ(windows.full.size(0), golden["windows"].get<int64_t>());
  SilentMonitor silent;
  const PerplexityResult single = perplexity(checkpoint, windows, in(at::kFloat), silent);
  EXPECT_EQ(single.tokens, golden["predicted"].get<int64_t>());
  EXPECT_TRUE(near_relative(single.nll, golden["nll"].get<double>(), 1e-6));
  EXPECT_TRUE(near_relative(single.perplexity, golden["ppl"].get<double>(), 1e-6));
  const PerplexityResult exact = perplexity(checkpoint, windows, in(at::kDouble), silent);
  EXPECT_TRUE(near_relative(exact.nll, golden["nll_fp64"].get<double>(), 1e-9));
  EXPECT_TRUE(near_relative(exact.perplexity, golden["ppl_fp64"].get<double>(), 1e-9));
  EXPECT_TRUE(near_relative(exact.window_nll.front(), golden["first_window_nll_fp64"].get<double>(), 1e-9));
  EXPECT_TRUE(near_relative(exact.window_nll.back(), golden["last_window_nll_fp64"].get<double>(), 1e-9));
}

INSTANTIATE_TEST_SUITE_P(Model, PerplexityGoldens, ::testing::Values("story", "stories260K"),
                         [](const auto& param_info) { return std::string(param_info.param); });

}  // namespace
}  // namespace rolora
