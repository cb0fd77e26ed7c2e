// SPDX-License-Identifier: GPL-3.0-or-later
// The four trainings of ../shared/reference/lora (PEFT, from given initial adapters): every loss and gradient norm, the accumulation
// curve, the final adapter, and the tuned model's logits with the adapter beside the weights and folded into them.
#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "core/finetune/trainer.h"
#include "tests/core/finetune/training_fixtures.h"

namespace rolora {
namespace {

constexpr double kLoss = 2e-6, kNorm = 5e-6, kAdapter = 3e-6, kLogits = 3e-6;  // right implementations differ by 3e-7, 8e-7, 6e-7, 7e-7

class LoraReference : public ::testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    ROLORA_NEEDS_SHARED(std::filesystem::path("reference/lora") / GetParam() / "run.json");
    folder_ = test::shared_folder() / "reference/lora" / GetParam();
    run_ = read_json_file(folder_ / "run.json");
    base_ = test::shared_folder() / "models" / run_["base"].get<std::string>();
    source_ = std::make_shared<Checkpoint>(base_);
  }

  TrainingData data() const {
    const auto tokenizer = open_tokenizer(base_);
    if (run_.contains("supervised")) {
      return alpaca_records(test::shared_folder() / "data/alpaca_tiny.json", *tokenizer, {&find_template("stanford"), 256, 2});
    }
    return packed_blocks(ids_of_text(test::shared_folder() / "data/tinystories.txt", Corpus::text, *tokenizer), 128);
  }

  TrainingSettings settings(int64_t batch, int64_t accumulate) const {
    TrainingSettings s;
    s.learning_rate = 1e-3;
    s.warmup = 2;
    s.steps = 20;
    s.batch = batch;
    s.accumulate = accumulate;
    s.shuffle = false;
    return s;
  }

  // Trains from init/ and returns the log; the adapter is left in tuned_.
  std::vector<StepRecord> train(int64_t batch, int64_t accumulate) {
    const Adapter start = load_adapter(folder_ / "init", source_->config());
    ResidentModel model(*source_, Compute{});
    LoraTrainee trainee(start, source_->config(), Compute{});
    const TrainingData training = data(), none;
    Trainer trainer(model, trainee, training, none, settings(batch, accumulate));
    while (trainer.done() < trainer.total()) trainer.step();
    tuned_ = trainee.adapter();
    return trainer.log();
  }

  void expect_final_adapter() {
    const Adapter final = load_adapter(folder_ / "final", source_->config());
    std::vector<at::Tensor> found, expected;
    for (const auto& [name, pair] : final.pairs) {
      for (const at::Tensor& t : {tuned_.pairs.at(name).a, tuned_.pairs.at(name).b}) found.push_back(t.reshape({-1}));
      for (const at::Tensor& t : {pair.a, pair.b}) expected.push_back(t.reshape({-1}));
    }
    EXPECT_EQ(tuned_.pairs.size(), final.pairs.size());
    EXPECT_TRUE(test::tensors_near(at::cat(found), at::cat(expected), kAdapter));
  }

  at::Tensor reference_logits(const std::string& name) const {
    const SafetensorsFile file = SafetensorsFile::open(folder_ / "logits.safetensors");
    return at::from_blob(const_cast<std::byte*>(file.bytes(name).data()), file.entry(name).shape, at::kFloat).clone();
  }

  std::filesystem::path folder_, base_;
  Json run_;
  std::shared_ptr<const Checkpoint> source_;
  Adapter tuned_;
};

TEST_P(LoraReference, CurveAndFinalAdapter) {
  const std::vector<StepRecord> log = train(4, 1);
  ASSERT_EQ(log.size(), run_["curve"].size());
  for (size_t i = 0; i < log.size(); ++i) {
    const Json &exact = run_["curve_fp64"][i], &single = run_["curve"][i];
    EXPECT_TRUE(test::near_relative(log[i].loss, exact["loss"], kLoss)) << "step " << i + 1;
    EXPECT_TRUE(test::near_relative(log[i].loss, single["loss"], kLoss)) << "step " << i + 1;
    EXPECT_TRUE(test::near_relative(log[i].grad_norm, exact["grad_norm"], kNorm)) << "step " << i + 1;
    EXPECT_NEAR(log[i].learning_rate, single["lr"].get<double>(), 1e-15);
    EXPECT_EQ(log[i].tokens, single["tokens"].get<int64_t>());
  }
  expect_final_adapter();
}

TEST_P(LoraReference, AccumulationCurve) {
  const std::vector<StepRecord> log = train(2, 2);
  const Json& curve = run_["accumulation_2x2"]["curve"];
  ASSERT_EQ(log.size(), curve.size());
  for (size_t i = 0; i < log.size(); ++i) {
    EXPECT_TRUE(test::near_relative(log[i].loss, curve[i][0], kLoss)) << "step " << i + 1;
    EXPECT_TRUE(test::near_relative(log[i].grad_norm, curve[i][1], kNorm)) << "step " << i + 1;
  }
  expect_final_adapter();
}

TEST_P(LoraReference, LogitsBesideAndMerged) {
  const at::NoGradGuard no_gradient;
  const auto ids = run_["logits"]["ids"].get<std::vector<int64_t>>();
  const at::Tensor rows = at::tensor(run_["logits"]["rows"].get<std::vector<int64_t>>(), at::kLong);
  const Adapter final = load_adapter(folder_ / "final", source_->config());
  for (const bool merged : {false, true}) {
    const AdaptedSource adapted(source_, final, merged);
    const at::Tensor logits = ResidentModel(adapted, Compute{}).logits(at::tensor(ids, at::kLong).unsqueeze(0)).squeeze(0);  // [64, V]
    EXPECT_TRUE(test::tensors_near(logits.index_select(0, rows), reference_logits(merged ? "merged" : "unmerged"), kLogits)) << merged;
    const at::Tensor best = logits.argmax(-1);
    EXPECT_EQ(std::vector<int64_t>(best.data_ptr<int64_t>(), best.data_ptr<int64_t>() + best.numel()),
              run_["logits"]["argmax"].get<std::vector<int64_t>>());
  }
}

INSTANTIATE_TEST_SUITE_P(Shared, LoraReference, ::testing::Values("story-qv", "story-qv-randb", "story-all", "stories260K-alpaca"),
                         [](const auto& parameter) {
                           std::string name = parameter.param;
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

}  // namespace
}  // namespace rolora
