// SPDX-License-Identifier: GPL-3.0-or-later
// The reference models against numbers made with transformers (../shared/reference/goldens.json).
#include <ATen/core/grad_mode.h>
#include <gtest/gtest.h>

#include "core/model/checkpoint.h"
#include "core/model/passes.h"
#include "tests/support/folders.h"
#include "tests/support/near.h"

namespace rolora {
namespace {

class Goldens : public ::testing::TestWithParam<const char*> {
 protected:
  static Json golden() { return read_json_file(test::shared_folder() / "reference/goldens.json")[GetParam()]; }
  static std::filesystem::path folder() { return test::shared_folder() / "models" / GetParam(); }
  static double nll(const Compute& compute) {
    const at::NoGradGuard no_grad;
    const auto ids = golden()["ids"].get<std::vector<int64_t>>();
    const at::Tensor all = at::tensor(ids, at::kLong);
    ResidentModel model(Checkpoint(folder()), compute);
    const at::Tensor h = model.hidden(all.unsqueeze(0)).squeeze(0).slice(0, 0, all.numel() - 1);
    return token_nll(h, all.slice(0, 1), model.final_norm(), model.head(), model.config().rms_epsilon).mean().item<double>();
  }
};

TEST_P(Goldens, LikelihoodOfTheText) {
  ROLORA_NEEDS_SHARED("reference/goldens.json");
  EXPECT_TRUE(test::near_relative(nll({at::kFloat, at::kCPU}), golden()["nll_per_token"].get<double>(), 1e-6));
  EXPECT_TRUE(test::near_relative(nll({at::kDouble, at::kCPU}), golden()["nll_per_token_fp64"].get<double>(), 1e-9));
}

TEST_P(Goldens, GreedyIds) {
  ROLORA_NEEDS_SHARED("reference/goldens.json");
  SilentMonitor silent;
  GenerateOptions options;
  options.max_new = 32;
  EXPECT_EQ(generate(ResidentModel(Checkpoint(folder()), Compute{}), {1}, options, silent),
            golden()["greedy_from_bos_32"].get<std::vector<int64_t>>());
}

TEST_P(Goldens, HalfTypesStayClose) {
  ROLORA_NEEDS_SHARED("reference/goldens.json");
  EXPECT_TRUE(test::near_relative(nll({at::kBFloat16, at::kCPU}), golden()["nll_per_token_fp64"].get<double>(), 1e-2));
  EXPECT_TRUE(test::near_relative(nll({at::kHalf, at::kCPU}), golden()["nll_per_token_fp64"].get<double>(), 1e-3));
}

INSTANTIATE_TEST_SUITE_P(Model, Goldens, ::testing::Values("story", "stories260K"),
                         [](const auto& param_info) { return std::string(param_info.param); });

}  // namespace
}  // namespace rolora
