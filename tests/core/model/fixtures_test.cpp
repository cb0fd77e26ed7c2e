// SPDX-License-Identifier: GPL-3.0-or-later
// Folders of every supported kind against transformers (make_fixtures.py wrote them and the expected numbers).
#include <ATen/core/grad_mode.h>
#include <gtest/gtest.h>

#include "core/model/checkpoint.h"
#include "core/model/passes.h"
#include "tests/support/folders.h"
#include "tests/support/near.h"

namespace rolora {
namespace {

class Fixture : public ::testing::TestWithParam<const char*> {
 protected:
  std::filesystem::path folder() const { return test::source_folder() / "tests/core/model/fixtures" / GetParam(); }
  Json expected() const { return read_json_file(folder() / "expected.json"); }
  at::Tensor expected_logits() const {
    const SafetensorsFile file = SafetensorsFile::open(folder() / "expected.safetensors");
    const auto bytes = file.bytes("logits");
    return at::from_blob(const_cast<std::byte*>(bytes.data()), file.entry("logits").shape, at::kFloat).clone();
  }
};

TEST_P(Fixture, LogitsEqualTransformers) {
  const at::NoGradGuard no_grad;
  const Checkpoint checkpoint(folder());
  const auto ids = expected()["ids"].get<std::vector<int64_t>>();
  const at::Tensor found = ResidentModel(checkpoint, Compute{}).logits(at::tensor(ids, at::kLong).unsqueeze(0)).squeeze(0);
  EXPECT_TRUE(test::tensors_near(found, expected_logits(), 1e-5));
  const Compute fp64{at::kDouble, at::kCPU};
  EXPECT_TRUE(test::tensors_near(ResidentModel(checkpoint, fp64).logits(at::tensor(ids, at::kLong).unsqueeze(0)).squeeze(0),
                                 expected_logits(), 1e-5));
}

TEST_P(Fixture, GreedyIdsEqualTransformersBeyondTheContext) {
  const Json numbers = expected();
  const auto greedy = numbers["greedy_from_1"].get<std::vector<int64_t>>();
  ASSERT_GT(numbers["smallest_margin"].get<double>(), 1e-4) << "the fixture itself is too close to call";
  SilentMonitor silent;
  GenerateOptions options;
  options.max_new = static_cast<int64_t>(greedy.size());
  options.ignore_eos = true;
  EXPECT_EQ(generate(ResidentModel(Checkpoint(folder()), Compute{}), {1}, options, silent), greedy);
}

INSTANTIATE_TEST_SUITE_P(Model, Fixture,
                         ::testing::Values("mha_untied", "gqa_tied_embedding", "gqa_tied_head_only", "tied_but_different",
                                           "llama3_old_keys", "llama3_new_keys", "linear", "dynamic_within", "dynamic_beyond",
                                           "explicit_head_dim", "biases", "bf16", "fp16", "sharded"),
                         [](const auto& param_info) { return std::string(param_info.param); });

}  // namespace
}  // namespace rolora
