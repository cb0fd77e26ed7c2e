// SPDX-License-Identifier: GPL-3.0-or-later
// Every way in which PEFT says which modules an adapter has, with which ranks and alphas: against its own logits
// (make_pattern_fixtures.py).
#include "core/finetune/peft_targets.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "core/base/error.h"
#include "core/finetune/convert_adapter.h"
#include "core/rotation/rotate_folder.h"
#include "core/rotation/rotated_source.h"
#include "core/storage/atomic_file.h"
#include "tests/core/finetune/training_fixtures.h"
#include "tests/core/model/family_fixtures.h"

namespace rolora {
namespace {

at::Tensor logits(const ModelSource& source) {
  const at::NoGradGuard no_gradient;
  const at::Tensor i = at::arange(20, at::kLong);
  return ResidentModel(source, Compute{}).logits((7 * i * i % 40).unsqueeze(0)).squeeze(0);
}

class PatternAdapters : public ::testing::TestWithParam<const char*> {
 protected:
  PatternAdapters()
      : adapter_folder_(test::source_folder() / "tests/core/finetune/pattern_fixtures" / GetParam()),
        source_(std::make_shared<const Checkpoint>(test::family_fixture(read_file(adapter_folder_ / "model.txt").c_str()))),
        expected_(TensorStore::open_file(adapter_folder_ / "expected.safetensors").load("logits", {})) {}
  const std::filesystem::path adapter_folder_;
  const std::shared_ptr<const Checkpoint> source_;
  const at::Tensor expected_;
  const test::TempFolder folder_;
};

TEST_P(PatternAdapters, ComputeWhatPeftComputes) {
  const Adapter adapter = load_adapter(adapter_folder_, source_->config());
  for (const bool merged : {false, true}) {
    EXPECT_TRUE(test::tensors_near(logits(AdaptedSource(source_, adapter, merged)), expected_, 1e-5)) << merged;
  }
  EXPECT_GT(test::relative_l2(logits(*source_), expected_), 0.05);
}

TEST_P(PatternAdapters, AreWrittenAsTheyAreRead) {
  const Adapter adapter = load_adapter(adapter_folder_, source_->config());
  save_adapter(adapter, source_->config(), folder_.path());
  const Adapter again = load_adapter(folder_.path(), source_->config());
  EXPECT_TRUE(test::tensors_near(logits(AdaptedSource(source_, again, false)), expected_, 1e-5));
  const TensorStore before = TensorStore::open_file(adapter_folder_ / "adapter_model.safetensors"),
                    after = TensorStore::open_file(folder_ / "adapter_model.safetensors");
  EXPECT_EQ(after.names(), before.names());
  for (const std::string& name : before.names()) EXPECT_TRUE(at::equal(after.load(name, {}), before.load(name, {}))) << name;
}

TEST_P(PatternAdapters, AreCarriedOntoARotatedBaseAndBack) {
  SilentMonitor silent;
  RotateOptions options;
  options.store = at::kFloat;
  rotate_folder(source_->folder(), folder_ / "rotated", options, silent);
  const auto rotated = std::make_shared<const RotatedFolder>(folder_ / "rotated");
  const Adapter plain = load_adapter(adapter_folder_, source_->config());
  const Adapter there = adapter_to_rotated(plain, rotated->record(), *source_, "hash");
  EXPECT_TRUE(test::tensors_near(logits(AdaptedSource(rotated, there, false)), expected_, 2e-5));
  EXPECT_LE(update_difference(plain, there, rotated->record(), *rotated, true), 1e-6);
  const Adapter back = adapter_to_plain(there, rotated->record(), *rotated);
  EXPECT_TRUE(test::tensors_near(logits(AdaptedSource(source_, back, false)), expected_, 1e-5));
}

INSTANTIATE_TEST_SUITE_P(Finetune, PatternAdapters, ::testing::Values("ranks", "rslora", "dora", "expression", "layers", "names", "all"),
                         [](const auto& param_info) { return std::string(param_info.param); });

// A DoRA of one layer, whose writer cannot be carried over.
class OneLayer : public PatternAdapters {};
TEST_P(OneLayer, ComputesWhatPeftComputes) {
  const Adapter adapter = load_adapter(adapter_folder_, source_->config());
  EXPECT_TRUE(test::tensors_near(logits(AdaptedSource(source_, adapter, false)), expected_, 1e-5));
  save_adapter(adapter, source_->config(), folder_.path());
  EXPECT_TRUE(test::tensors_near(logits(AdaptedSource(source_, load_adapter(folder_.path(), source_->config()), false)), expected_, 1e-5));
}
INSTANTIATE_TEST_SUITE_P(Finetune, OneLayer, ::testing::Values("one"));

// What cannot be, by its key.
TEST(PeftTargets, WhatCannotBeIsRefusedByItsKey) {
  const Json usual = {{"r", 3}, {"lora_alpha", 5}, {"target_modules", {"q_proj"}}};
  const FamilyDescription& family = *Checkpoint(test::family_fixture("qwen3")).config().family;
  const auto refusal = [&](const char* key, const Json& value) {
    Json document = usual;
    document[key] = value;
    try {
      PeftTargets(JsonObject(document, "adapter_config.json"), family, 2);
    } catch (const InputError& e) {
      return e.key();
    }
    return std::string("accepted");
  };
  for (const auto& [key, value] : std::vector<std::pair<const char*, Json>>{{"target_modules", "(q_proj"},
                                                                            {"target_modules", ".*"},
                                                                            {"target_modules", {"lm_head"}},
                                                                            {"target_modules", {"model.layers.7.mlp.up_proj"}},
                                                                            {"target_modules", "nothing"},
                                                                            {"target_modules", 3},
                                                                            {"exclude_modules", ".*"},
                                                                            {"layers_to_transform", {9}},
                                                                            {"layers_to_transform", "1"},
                                                                            {"rank_pattern", {{"q_proj", 0}}},
                                                                            {"rank_pattern", {{"q_proj", 1.5}}},
                                                                            {"rank_pattern", {{"[", 2}}},
                                                                            {"rank_pattern", 3},
                                                                            {"alpha_pattern", {{"q_proj", 0}}},
                                                                            {"r", 0},
                                                                            {"lora_alpha", -1}}) {
    const std::string found = refusal(key, value);
    EXPECT_TRUE(found == key || (found == "target_modules" && std::string(key) != "r")) << key << " " << value << ": " << found;
  }
  EXPECT_EQ(refusal("layers_to_transform", 1), "accepted");
}

}  // namespace
}  // namespace rolora
