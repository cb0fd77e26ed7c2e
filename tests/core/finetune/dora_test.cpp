// SPDX-License-Identifier: GPL-3.0-or-later
// DoRA against PEFT (make_dora_fixtures.py): trainings in fp64, dropout, adapters beside plain and fused linears and merged, their files.
#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <functional>

#include "core/base/error.h"
#include "core/finetune/merge.h"
#include "core/storage/atomic_file.h"
#include "tests/core/finetune/training_fixtures.h"
#include "tests/core/model/family_fixtures.h"

namespace rolora {
namespace {

const Compute kExact{at::kDouble, at::kCPU};

std::filesystem::path dora(const std::string& name) { return test::source_folder() / "tests/core/finetune/dora_fixtures" / name; }

std::shared_ptr<const Checkpoint> model_of(const std::string& adapter) {
  if (adapter == "qwen2") return std::make_shared<const Checkpoint>(test::family_fixture("qwen2_tied"));
  if (adapter == "phi3") return std::make_shared<const Checkpoint>(test::family_fixture("phi3_window"));
  return std::make_shared<const Checkpoint>(test::model_fixture("biases"));
}

at::Tensor logits(const ModelSource& source, const Compute& compute = {}) {
  const at::NoGradGuard no_gradient;
  const at::Tensor i = at::arange(20, at::kLong);
  return ResidentModel(source, compute).logits((7 * i * i % source.config().vocabulary).unsqueeze(0)).squeeze(0);
}

TrainingSettings recipe_of(const Json& training, const LoraSettings& lora) {
  TrainingSettings settings;
  settings.lora = lora;
  settings.learning_rate = training["recipe"]["lr"];
  settings.weight_decay = training["recipe"]["weight_decay"];
  settings.clip = training["recipe"]["clip"];
  settings.warmup = 2;
  settings.steps = 8;
  settings.batch = settings.accumulate = 2;
  settings.shuffle = false;
  return settings;
}

// Trains as the fixture did, step for step the same.
void expect_training(const ModelSource& source, LoraTrainee& trainee, const Json& training, const LoraSettings& lora) {
  ResidentModel model(source, kExact);
  const TrainingData data = test::made_blocks(), none;
  Trainer trainer(model, trainee, data, none, recipe_of(training, lora));
  for (const Json& expected : training["curve"]) {
    const StepRecord& found = trainer.step();
    EXPECT_TRUE(test::near_relative(found.loss, expected["loss"], 1e-11)) << "step " << found.step;
    EXPECT_TRUE(test::near_relative(found.grad_norm, expected["grad_norm"], 1e-11)) << "step " << found.step;
  }
}

void expect_digest(const at::Tensor& tensor, const Json& expected, double tolerance, const std::string& name) {
  ASSERT_TRUE(expected.is_array()) << name;
  const auto found = test::digest(tensor);
  const double norm = expected[0], projection = expected[1];
  EXPECT_NEAR(found[0], norm, tolerance * norm) << name;
  EXPECT_NEAR(found[1], projection, tolerance * norm) << name;
}

TEST(DoraTraining, EqualsPeftInFp64) {
  const Json all = read_json_file(dora("trainings.json"));
  ASSERT_EQ(all.size(), 2U);  // dora on biases, rsdora on grouped heads
  for (const Json& training : all) {
    SCOPED_TRACE(training["start"]);
    const Checkpoint source(test::model_fixture(training["model"]));
    const Adapter start = load_adapter(dora(training["start"]), source.config());
    ASSERT_TRUE(start.settings.dora);
    LoraTrainee trainee(start, source.config(), kExact);
    expect_training(source, trainee, training, start.settings);
    const ParameterSet& parameters = trainee.parameters();
    ASSERT_EQ(parameters.names().size(), training["weights"].size());
    for (const std::string& name : parameters.names())
      expect_digest(parameters[name], training["weights"].value(name, Json()), 1e-10, name);
  }
}

// An adapter of the fused linears goes on as one: q, k and v keep one A, and what is saved is PEFT's tensor for tensor.
TEST(DoraTraining, OfFusedLinearsEqualsPeft) {
  const auto source = model_of("phi3");
  const Json training = read_json_file(dora("phi3/training.json"));
  const Adapter start = load_adapter(dora("phi3"), source->config());
  ASSERT_TRUE(start.fused);
  LoraTrainee trainee(start, source->config(), kExact);
  expect_training(*source, trainee, training, start.settings);
  const test::TempFolder out;
  save_adapter(trainee.adapter(), source->config(), out.path());
  const TensorStore file = TensorStore::open_file(out / "adapter_model.safetensors");
  ASSERT_EQ(file.names().size(), training["weights"].size());
  for (const auto& [name, expected] : training["weights"].items()) {
    expect_digest(file.load("base_model.model." + name, kExact), expected, 1e-7, name);
  }
  EXPECT_TRUE(load_adapter(out.path(), source->config()).fused);
}

TEST(DoraTraining, MagnitudesStartWherePeftsDo) {
  for (const auto& [folder, base] : {std::pair{"dora_start", "biases"}, std::pair{"rsdora_start", "gqa_tied_embedding"}}) {
    const Checkpoint source(test::model_fixture(base));
    const Adapter peft = load_adapter(dora(folder), source.config());
    Adapter ours = peft;
    for (auto& [name, pair] : ours.pairs) pair.magnitude.reset();
    set_magnitudes(ours, source);
    for (const auto& [name, pair] : ours.pairs) {
      EXPECT_TRUE(test::tensors_near(pair.magnitude, peft.pairs.at(name).magnitude, 1e-7)) << name;
    }
  }
}

// Dropped inputs go through the adapter alone, in LibTorch's own stream of masks, which PEFT draws from in the same order.
TEST(DoraTraining, DropoutIsPefts) {
  const Checkpoint source(test::model_fixture("biases"));
  Adapter start = load_adapter(dora("dora_start"), source.config());
  start.settings.dropout = 0.25;
  ResidentModel model(source, kExact);
  LoraTrainee trainee(start, source.config(), kExact);
  const at::Tensor ids = at::tensor(test::made_blocks().examples.front().ids, at::kLong).unsqueeze(0);
  const at::NoGradGuard no_gradient;
  trainee.install(model, true, 7);
  const at::Tensor expected = TensorStore::open_file(dora("dora_start/dropout.safetensors")).load("logits", kExact);
  EXPECT_TRUE(test::tensors_near(model.logits(ids), expected, 1e-12));
  trainee.install(model, false, 7);
  EXPECT_GT(test::relative_l2(model.logits(ids), expected), 0.01);
}

class PeftsDora : public ::testing::TestWithParam<const char*> {};

TEST_P(PeftsDora, GivesItsLogitsBesideAndMerged) {
  const auto source = model_of(GetParam());
  const Adapter adapter = load_adapter(dora(GetParam()), source->config());
  const TensorStore expected = TensorStore::open_file(dora(GetParam()) / "expected.safetensors");
  EXPECT_EQ(adapter.settings.targets, parse_targets("all"));
  EXPECT_EQ(adapter.settings.rslora, std::string(GetParam()) == "qwen2");
  EXPECT_TRUE(test::tensors_near(logits(AdaptedSource(source, adapter, false)), expected.load("unmerged", {}), 1e-5));
  EXPECT_TRUE(test::tensors_near(logits(AdaptedSource(source, adapter, true)), expected.load("merged", {}), 1e-5));
  EXPECT_GT(test::relative_l2(logits(*source), expected.load("unmerged", {})), 0.1);
  Adapter without = adapter;
  for (auto& [name, pair] : without.pairs) pair.magnitude.reset();
  EXPECT_GT(test::relative_l2(logits(AdaptedSource(source, without, false)), expected.load("unmerged", {})), 0.01);
}

TEST_P(PeftsDora, MergesIntoAFolder) {
  const auto source = model_of(GetParam());
  const Adapter adapter = load_adapter(dora(GetParam()), source->config());
  const FinetuneBase base{source, source->folder(), std::nullopt, source->hash(), at::kFloat};
  const test::TempFolder out;
  SilentMonitor silent;
  EXPECT_LE(merge(base, adapter, out / "merged", at::kFloat, false, Compute{}, silent).difference_stored, 1e-5);
  const at::Tensor expected = TensorStore::open_file(dora(GetParam()) / "expected.safetensors").load("merged", {});
  EXPECT_TRUE(test::tensors_near(logits(Checkpoint(out / "merged")), expected, 1e-5));
}

// Saved again the file holds the same tensors under the same names, byte for byte: a fused linear's too.
TEST_P(PeftsDora, IsWrittenAsPeftWroteIt) {
  const auto source = model_of(GetParam());
  const test::TempFolder out;
  save_adapter(load_adapter(dora(GetParam()), source->config()), source->config(), out.path());
  const TensorStore theirs = TensorStore::open_file(dora(GetParam()) / "adapter_model.safetensors"),
                    ours = TensorStore::open_file(out / "adapter_model.safetensors");
  EXPECT_EQ(ours.names(), theirs.names());
  for (const std::string& name : theirs.names()) EXPECT_TRUE(at::equal(ours.load(name, {}), theirs.load(name, {}))) << name;
  const Json config = read_json_file(out / "adapter_config.json"), before = read_json_file(dora(GetParam()) / "adapter_config.json");
  for (const char* key : {"use_dora", "use_rslora", "r", "lora_alpha", "rank_pattern", "alpha_pattern"})
    EXPECT_EQ(config[key], before[key]) << key;
}

INSTANTIATE_TEST_SUITE_P(Finetune, PeftsDora, ::testing::Values("llama", "qwen2", "phi3"),
                         [](const auto& param_info) { return std::string(param_info.param); });

class DoraJobs : public ::testing::Test {
 protected:
  FinetuneJob job(const char* name, const char* targets = "all", const char* variant = "dora") const {
    FinetuneJob job;
    job.settings.lora.targets = parse_targets(targets);
    job.settings.lora.rank = 3;
    set_variant(job.settings.lora, variant);
    job.settings.learning_rate = 2e-2;
    job.settings.steps = 6;
    job.settings.batch = 4;
    job.data = test::made_blocks();
    job.out = folder_ / name;
    return job;
  }
  static FinetuneBase base_of(const std::string& adapter) {
    const auto source = model_of(adapter);
    return {source, source->folder(), std::nullopt, source->hash(), at::kFloat};
  }
  test::TempFolder folder_;
  SilentMonitor silent_;
};

TEST_F(DoraJobs, ResumedItIsTheSameBytes) {
  const FinetuneBase base = base_of("llama");
  FinetuneJob whole = job("whole"), cut = job("cut");
  whole.settings.lora.dropout = cut.settings.lora.dropout = 0.1;
  finetune(base, whole, Compute{}, silent_);
  test::StoppingMonitor stopping(3);
  EXPECT_THROW(finetune(base, cut, Compute{}, stopping), Cancelled);
  cut.resume = true;
  finetune(base, cut, Compute{}, silent_);
  for (const char* file : {"adapter_model.safetensors", "adapter_config.json", "log.jsonl", "rolora_adapter.json"}) {
    EXPECT_EQ(read_file(folder_ / "whole" / file), read_file(folder_ / "cut" / file)) << file;
  }
  const Adapter trained = load_adapter(folder_ / "whole", base.source->config());
  const at::Tensor& magnitude = trained.pairs.begin()->second.magnitude;
  const at::Tensor weight = base.source->layer(LayerIndex(0), Compute{})[LinearKind::down].weight;
  EXPECT_EQ(trained.pairs.begin()->first, "model.layers.0.mlp.down_proj");
  EXPECT_GT(test::relative_l2(magnitude, weight.norm(2, 1)), 1e-3) << "the magnitudes were not trained";
}

// A LoRA goes on as a DoRA from what it computes: with a rate of 0 in the first step its loss is the LoRA's.
TEST_F(DoraJobs, StartsFromALora) {
  const FinetuneBase base = base_of("llama");
  finetune(base, job("lora", "all", "lora"), Compute{}, silent_);
  const Adapter lora = load_adapter(folder_ / "lora", base.source->config());
  FinetuneJob plain = job("plain", "all", "lora"), on = job("on");
  for (FinetuneJob* one : {&plain, &on}) {
    one->start = lora;
    one->settings.warmup = 1;
    one->settings.steps = 2;
    one->settings.shuffle = false;
  }
  const double expected = finetune(base, plain, Compute{}, silent_).log.front().loss;
  EXPECT_TRUE(test::near_relative(finetune(base, on, Compute{}, silent_).log.front().loss, expected, 1e-6));
  EXPECT_TRUE(load_adapter(folder_ / "on", base.source->config()).settings.dora);
}

// q and v apart from k within one tensor: k's rows get the magnitudes that leave them as they are.
TEST_F(DoraJobs, PartsOfAFusedLinear) {
  const FinetuneBase base = base_of("phi3");
  for (const char* targets : {"q_proj,v_proj", "all"}) {
    finetune(base, job(targets, targets), Compute{}, silent_);
    const Adapter adapter = load_adapter(folder_ / targets, base.source->config());
    EXPECT_EQ(adapter.settings.targets, parse_targets(targets));
    const auto merged = folder_ / (std::string(targets) + " merged");
    EXPECT_LE(merge(base, adapter, merged, at::kFloat, false, Compute{}, silent_).difference_stored, 1e-5);
  }
  const TensorStore file = TensorStore::open_file(folder_ / "q_proj,v_proj" / "adapter_model.safetensors");
  const at::Tensor magnitude = file.load("base_model.model.model.layers.1.self_attn.qkv_proj.lora_magnitude_vector", {});
  const LayerWeights weights = base.source->layer(LayerIndex(1), Compute{});
  ASSERT_EQ(magnitude.size(0), 3 * 24);
  EXPECT_TRUE(test::tensors_near(magnitude.slice(0, 24, 48), weights[LinearKind::k].weight.norm(2, 1), 1e-6));
  EXPECT_GT(test::relative_l2(magnitude.slice(0, 0, 24), weights[LinearKind::q].weight.norm(2, 1)), 1e-4);
}

TEST_F(DoraJobs, BrokenMagnitudesAreRefusedByName) {
  const auto source = model_of("llama");
  const std::string q = "model.layers.0.self_attn.q_proj", key = "base_model.model." + q + ".lora_magnitude_vector";
  const auto refusal = [&](const std::function<void(LoraPair&)>& change, bool dora_in_config = true) -> std::string {
    Adapter adapter = load_adapter(dora("llama"), source->config());
    change(adapter.pairs.at(q));
    save_adapter(adapter, source->config(), folder_.path());
    Json config = read_json_file(folder_ / "adapter_config.json");
    config["use_dora"] = dora_in_config;
    write_file_atomically(folder_ / "adapter_config.json", json_text(config));
    try {
      load_adapter(folder_.path(), source->config());
    } catch (const InputError& e) {
      return e.key();
    }
    return "accepted";
  };
  EXPECT_EQ(refusal([](LoraPair&) {}), "accepted");
  EXPECT_EQ(refusal([](LoraPair& pair) { pair.magnitude.reset(); }), key);
  EXPECT_EQ(refusal([](LoraPair& pair) { pair.magnitude = at::ones({15}); }), key);
  EXPECT_EQ(refusal([](LoraPair& pair) { pair.magnitude = pair.magnitude / 0; }), key);
  EXPECT_NE(refusal([](LoraPair&) {}, false).find("lora_magnitude_vector"), std::string::npos);
}

}  // namespace
}  // namespace rolora
