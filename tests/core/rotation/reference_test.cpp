// SPDX-License-Identifier: GPL-3.0-or-later
// Rotated reference models against numbers made by other people's libraries (../shared/reference/quantization.json, "rotation"), with the
// very sign vectors of that file.
#include <ATen/Functions.h>
#include <gtest/gtest.h>

#include "core/evaluation/perplexity.h"
#include "core/model/checkpoint.h"
#include "core/rotation/gate.h"
#include "core/rotation/rotated_source.h"
#include "core/tokenizer/tokenizer.h"
#include "tests/support/folders.h"
#include "tests/support/near.h"

namespace rolora {
namespace {

class RotationReference : public ::testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    const auto numbers = test::shared_folder() / "reference" / "quantization.json";
    model_folder_ = test::shared_folder() / "models" / GetParam();
    text_ = test::shared_folder() / "data" / "tinystories.txt";
    for (const auto& needed : {numbers, model_folder_, text_}) {
      if (!std::filesystem::exists(needed)) GTEST_SKIP() << "missing: " << needed.lexically_normal().string();
    }
    const Json document = Json::parse(test::read_text(numbers));
    reference_ = document["models"][GetParam()];
    plain_ = std::make_shared<const Checkpoint>(model_folder_);
  }

  // R1 with the file's signs and R4, both Hadamard.
  RotationRecord record_with_signs(size_t seed) const {
    RotationRecord record = make_rotation(*plain_, "", RotationSettings());
    const std::string signs = reference_["rotation"]["R1_signs"][seed];
    for (size_t i = 0; i < signs.size(); ++i) record.r1.signs[static_cast<int64_t>(i)] = signs[i] == '+' ? 1 : -1;
    record.r1.checksum = checksum_of(record.r1);
    return record;
  }

  std::filesystem::path model_folder_, text_;
  Json reference_;
  std::shared_ptr<const Checkpoint> plain_;
  SilentMonitor monitor_;
};

TEST_P(RotationReference, ConstructionsHaveTheNamesOfTheNotes) {
  const RotationRecord record = make_rotation(*plain_, "", RotationSettings());
  EXPECT_EQ(record.r1.construction, reference_["rotation"]["hadamard_R1"]);
  EXPECT_EQ(record.r4.construction, reference_["rotation"]["hadamard_R4"]);
}

TEST_P(RotationReference, LogitsStayTheSame) {
  const std::vector<int64_t> ids = gate_tokens(plain_->config(), 0);
  const at::Tensor exact = logits_of_text(*plain_, ids, {at::kDouble, at::kCPU}, monitor_, "test");
  const at::Tensor single = logits_of_text(*plain_, ids, {at::kFloat, at::kCPU}, monitor_, "test");
  for (size_t seed = 0; seed < 4; ++seed) {
    const RotatedSource rotated(plain_, record_with_signs(seed));
    EXPECT_LE(test::relative_l2(logits_of_text(rotated, ids, {at::kDouble, at::kCPU}, monitor_, "test"), exact), 1e-12);
    const double expected = reference_["rotation"]["logits_rel_l2_fp32"]["mean"];
    EXPECT_LE(test::relative_l2(logits_of_text(rotated, ids, {at::kFloat, at::kCPU}, monitor_, "test"), single), 4 * expected);
  }
}

TEST_P(RotationReference, PerplexityIsTheUnrotatedOne) {
  const auto tokenizer = open_tokenizer(model_folder_);
  std::vector<int64_t> ids = tokenizer->encode(test::read_text(text_), /*special=*/false);
  ids.insert(ids.begin(), 1);  // as the notes say
  ASSERT_EQ(static_cast<int64_t>(ids.size()), reference_["ids"]["count"].get<int64_t>());
  const int64_t context = reference_["context"], count = static_cast<int64_t>(ids.size()) / context;
  ids.resize(static_cast<size_t>(count * context));
  Windows windows;
  windows.full = at::tensor(ids, at::kLong).view({count, context});
  windows.context = context;
  const RotatedSource rotated(plain_, record_with_signs(1));
  const PerplexityResult result = perplexity(rotated, windows, {}, monitor_);
  EXPECT_EQ(result.tokens, reference_["predicted"].get<int64_t>());
  const double expected = reference_["rotation"]["W16A16_ppl"][1];
  EXPECT_TRUE(test::near_relative(result.perplexity, expected, 2e-6));
}

INSTANTIATE_TEST_SUITE_P(Models, RotationReference, ::testing::Values("story", "stories260K"),
                         [](const auto& test_case) { return test_case.param; });

}  // namespace
}  // namespace rolora
