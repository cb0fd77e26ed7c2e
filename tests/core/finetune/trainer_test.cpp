// SPDX-License-Identifier: GPL-3.0-or-later
// Trainings in fp64 against torch, transformers and PEFT (make_fixtures.py), gradients against finite differences.
#include "core/finetune/trainer.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "core/base/error.h"
#include "core/base/random.h"
#include "core/finetune/random_source.h"
#include "tests/core/finetune/training_fixtures.h"

namespace rolora {
namespace {

const Compute kExact{at::kDouble, at::kCPU};

Json trainings(const char* kind) { return read_json_file(test::fixtures() / "trainings.json")[kind]; }

TrainingSettings recipe_of(const Json& training) {
  TrainingSettings settings;
  settings.learning_rate = training["recipe"]["lr"];
  settings.weight_decay = training["recipe"]["weight_decay"];
  settings.clip = training["recipe"]["clip"];
  settings.schedule = parse_schedule(training["recipe"]["schedule"]);
  settings.warmup = 2;
  settings.steps = 8;
  settings.batch = 2;
  settings.accumulate = 2;
  settings.shuffle = false;
  return settings;
}

void expect_curve(Trainer& trainer, const Json& curve, double tolerance) {
  ASSERT_EQ(trainer.total(), static_cast<int64_t>(curve.size()));
  for (const Json& expected : curve) {
    const StepRecord& found = trainer.step();
    EXPECT_TRUE(test::near_relative(found.loss, expected["loss"], tolerance)) << "step " << found.step;
    EXPECT_TRUE(test::near_relative(found.grad_norm, expected["grad_norm"], tolerance)) << "step " << found.step;
    EXPECT_NEAR(found.learning_rate, expected["lr"].get<double>(), 1e-17);
    EXPECT_EQ(found.tokens, expected["tokens"].get<int64_t>());
  }
}

void expect_weights(const ParameterSet& parameters, const Json& weights, double tolerance) {
  ASSERT_EQ(parameters.names().size(), weights.size());
  for (const std::string& name : parameters.names()) {
    ASSERT_TRUE(weights.contains(name)) << name;
    const auto found = test::digest(parameters[name]);
    const double norm = weights[name][0], projection = weights[name][1];
    EXPECT_NEAR(found[0], norm, tolerance * norm) << name;
    EXPECT_NEAR(found[1], projection, tolerance * norm) << name;
  }
}

TEST(Trainer, FullTrainingEqualsTorchInFp64) {
  const Json all = trainings("full");
  ASSERT_EQ(all.size(), 3U);  // tied with grouped heads, untied, with biases
  for (const Json& training : all) {
    SCOPED_TRACE(training["model"]);
    const Checkpoint source(test::model_fixture(training["model"]));
    ResidentModel model(source, kExact);
    FullTrainee trainee(source, kExact, true);
    const TrainingData data = test::made_blocks(), none;
    const TrainingSettings settings = recipe_of(training);
    Trainer trainer(model, trainee, data, none, settings);
    expect_curve(trainer, training["curve"], 1e-11);
    expect_weights(trainee.parameters(), training["weights"], 1e-10);
  }
}

TEST(Trainer, RsLoraOnAllLinearsEqualsPeftInFp64) {
  const Json all = trainings("lora");
  ASSERT_EQ(all.size(), 1U);
  for (const Json& training : all) {
    const Checkpoint source(test::model_fixture(training["model"]));
    const Adapter start = load_adapter(test::fixtures() / training["start"].get<std::string>(), source.config());
    EXPECT_TRUE(start.settings.rslora);
    ResidentModel model(source, kExact);
    LoraTrainee trainee(start, source.config(), kExact);
    const TrainingData data = test::made_blocks(), none;
    TrainingSettings settings = recipe_of(training);
    settings.lora = start.settings;
    Trainer trainer(model, trainee, data, none, settings);
    expect_curve(trainer, training["curve"], 1e-11);
    expect_weights(trainee.parameters(), training["weights"], 1e-10);
  }
}

class SmallLora : public ::testing::Test {
 protected:
  SmallLora() : source_(test::model_fixture("gqa_tied_embedding")), model_(source_, kExact) {
    settings_.lora.rank = 3;
    settings_.lora.targets = parse_targets("all");
    settings_.batch = 2;
    settings_.accumulate = 2;
    settings_.steps = 3;
    start_ = new_adapter(source_.config(), settings_.lora, 4);
    Random random(9, "B");
    for (auto& [name, pair] : start_.pairs) {
      for (int64_t i = 0; i < pair.b.numel(); ++i) pair.b.data_ptr<float>()[i] = static_cast<float>(0.1 * random.normal());
    }
  }
  Checkpoint source_;
  ResidentModel model_;
  TrainingSettings settings_;
  Adapter start_;
};

TEST_F(SmallLora, GradientEqualsFiniteDifferences) {
  LoraTrainee trainee(start_, source_.config(), kExact);
  TrainingData data;
  data.examples = {{{1, 5, 9, 3, 7}, 2}, {{4, 8, 2}, 1}};
  const MicroBatch batch = make_micro_batch(data, {0, 1}, at::kCPU);
  const auto loss = [&] {
    const at::NoGradGuard no_gradient;
    trainee.install(model_, false, 0);
    return batch_nll(model_, batch, std::nullopt);
  };
  trainee.install(model_, true, 0);
  trainee.parameters().zero_gradient();
  EXPECT_NEAR(batch_nll(model_, batch, 0.5), loss(), 1e-12);
  int64_t checked = 0;
  for (const std::string& name : trainee.parameters().names()) {
    const at::Tensor value = trainee.parameters()[name].detach().view({-1});
    const at::Tensor gradient = trainee.parameters()[name].grad().view({-1});
    for (int64_t i = 0; i < value.numel(); i += 17, ++checked) {
      double& place = value.data_ptr<double>()[i];
      const double before = place, h = 1e-4;
      const auto at_offset = [&](double offset) {
        place = before + offset;
        const double result = loss();
        place = before;
        return result;
      };
      // Fourth-order central difference: its own error is below 1e-9 here.
      const double slope = (8 * (at_offset(h) - at_offset(-h)) - (at_offset(2 * h) - at_offset(-2 * h))) / (12 * h);
      EXPECT_NEAR(gradient.data_ptr<double>()[i], 0.5 * slope, 1e-8) << name << " " << i;
    }
  }
  EXPECT_GT(checked, 50);
}

TEST_F(SmallLora, AccumulationEqualsOneBigBatch) {
  const TrainingData data = test::made_blocks(), none;
  std::vector<at::Tensor> results;
  for (const auto& [batch, accumulate] : {std::pair{4, 1}, std::pair{2, 2}, std::pair{1, 4}}) {
    settings_.batch = batch;
    settings_.accumulate = accumulate;
    LoraTrainee trainee(start_, source_.config(), kExact);
    Trainer trainer(model_, trainee, data, none, settings_);
    while (trainer.done() < trainer.total()) trainer.step();
    results.push_back(trainee.parameters().flat().clone());
  }
  EXPECT_TRUE(test::tensors_near(results[1], results[0], 1e-12));
  EXPECT_TRUE(test::tensors_near(results[2], results[0], 1e-12));
}

TEST_F(SmallLora, AStepWithoutLabelsHasNoLossAndChangesNothing) {
  TrainingData data;
  data.examples = {{{1, 2, 3}, 3}, {{4, 5, 6}, 3}};
  settings_.steps = 1;
  LoraTrainee trainee(start_, source_.config(), kExact);
  const at::Tensor before = trainee.parameters().flat().clone();
  const TrainingData none;
  Trainer trainer(model_, trainee, data, none, settings_);
  const StepRecord& record = trainer.step();
  EXPECT_EQ(record.tokens, 0);
  EXPECT_TRUE(to_json(record)["loss"].is_null());
  EXPECT_TRUE(at::equal(trainee.parameters().flat(), before));
}

TEST_F(SmallLora, DropoutActsOnlyWhileTrainingAndFollowsTheSeed) {
  settings_.lora.dropout = start_.settings.dropout = 0.5;
  const TrainingData data = test::made_blocks(), held = test::made_blocks(8, 2);
  const auto losses = [&](uint64_t seed) {
    settings_.seed = seed;
    LoraTrainee trainee(start_, source_.config(), kExact);
    Trainer trainer(model_, trainee, data, held, settings_);
    const double before = *trainer.evaluate();
    return std::pair{before, trainer.step().loss};
  };
  settings_.shuffle = false;
  const auto a = losses(1), again = losses(1), other = losses(2);
  EXPECT_EQ(a, again);
  EXPECT_EQ(a.first, other.first);
  EXPECT_NE(a.second, other.second);
}

TEST_F(SmallLora, EvaluationIsTheMeanOverAllPredictedTokens) {
  TrainingData held;
  held.examples = {{{1, 5, 9, 3, 7, 2}, 2}, {{4, 8}, 1}, {{6, 6, 6, 6}, 4}, {{3, 1, 2}, 1}, {{7, 7, 30, 2}, 3}};
  LoraTrainee trainee(start_, source_.config(), kExact);
  const TrainingData data = test::made_blocks();
  Trainer trainer(model_, trainee, data, held, settings_);
  double sum = 0;
  int64_t tokens = 0;
  const at::NoGradGuard no_gradient;
  trainee.install(model_, false, 0);
  for (const Example& e : held.examples) {
    const at::Tensor logits = model_.logits(at::tensor(e.ids, at::kLong).unsqueeze(0)).squeeze(0);
    for (size_t t = static_cast<size_t>(e.first_label); t < e.ids.size(); ++t, ++tokens) {
      const at::Tensor row = logits[static_cast<int64_t>(t) - 1];
      sum += (row.exp().sum().log() - row[e.ids[t]]).item<double>();
    }
  }
  EXPECT_EQ(tokens, 8);
  EXPECT_NEAR(*trainer.evaluate(), sum / 8, 1e-12);
}

TEST_F(SmallLora, HalfTypesTrainAnAdapterThatStaysInFp32) {
  const TrainingData data = test::made_blocks(), none;
  settings_.steps = 8;
  settings_.learning_rate = 2e-2;
  const auto losses = [&](at::ScalarType type) {
    const Compute compute{type, at::kCPU};
    ResidentModel model(source_, compute);
    LoraTrainee trainee(start_, source_.config(), compute);
    Trainer trainer(model, trainee, data, none, settings_);
    while (trainer.done() < trainer.total()) trainer.step();
    EXPECT_EQ(trainee.parameters().flat().scalar_type(), at::kFloat);
    return trainer.log();
  };
  const auto exact = losses(at::kFloat);
  ASSERT_LT(exact.back().loss, 0.95 * exact.front().loss);
  const struct {
    at::ScalarType type;
    double bound;  // a few units of the type's last place
  } table[] = {{at::kHalf, 4e-3}, {at::kBFloat16, 3e-2}};
  for (const auto& row : table) {
    const auto found = losses(row.type);
    for (size_t i = 0; i < exact.size(); ++i) {
      EXPECT_TRUE(test::near_relative(found[i].loss, exact[i].loss, row.bound)) << dtype_name(row.type) << " step " << i + 1;
      EXPECT_TRUE(test::near_relative(found[i].grad_norm, exact[i].grad_norm, 8 * row.bound)) << dtype_name(row.type) << " step " << i + 1;
    }
  }
}

TEST_F(SmallLora, FullTrainingInAHalfTypeKeepsItsMasterCopyInFp32) {
  // A rate so small that a bf16 weight would never move.
  const Compute half{at::kBFloat16, at::kCPU};
  ResidentModel model(source_, half);
  FullTrainee trainee(source_, half, true);
  settings_.full = true;
  settings_.learning_rate = 1e-6;
  settings_.warmup_ratio = 0;
  const at::Tensor before = trainee.parameters().flat().clone();
  const TrainingData data = test::made_blocks(), none;
  Trainer trainer(model, trainee, data, none, settings_);
  trainer.step();
  EXPECT_EQ(before.scalar_type(), at::kFloat);
  EXPECT_GT((trainee.parameters().flat() != before).sum().item<int64_t>(), before.numel() / 2);
  EXPECT_EQ(model.layers()[0][LinearKind::q].weight.scalar_type(), at::kBFloat16);
}

TEST_F(SmallLora, NonFiniteTrainingIsRefused) {
  start_.pairs.begin()->second.a.fill_(1e30F);
  start_.pairs.begin()->second.b.fill_(1e30F);
  LoraTrainee trainee(start_, source_.config(), Compute{});
  ResidentModel model(source_, Compute{});
  const TrainingData data = test::made_blocks(), none;
  Trainer trainer(model, trainee, data, none, settings_);
  EXPECT_THROW(trainer.step(), NumericError);
}

TEST_F(SmallLora, SiteStatisticsAreTheMomentsOfTheStepsOwnRows) {
  settings_.site_statistics_every = 2;
  settings_.shuffle = false;
  TrainingData data;
  data.examples = {{{1, 5, 9, 3, 7}, 1}, {{4, 8, 2}, 1}};
  settings_.batch = 2;
  settings_.accumulate = 1;
  settings_.learning_rate = 1e-30;  // weights as good as untouched, so the second step sees the first one's activations
  LoraTrainee trainee(start_, source_.config(), kExact);
  const TrainingData none;
  Trainer trainer(model_, trainee, data, none, settings_);
  EXPECT_TRUE(trainer.step().sites.is_null());
  const Json sites = trainer.step().sites;
  EXPECT_EQ(sites.size(), 8U);
  // By hand for the first site: norm of the embeddings of the eight real tokens.
  std::vector<double> values;
  for (const Example& e : data.examples) {
    const at::Tensor x = rms_norm(source_.embed(at::tensor(e.ids, at::kLong), kExact), source_.layer(LayerIndex(0), kExact).input_norm,
                                  source_.config().rms_epsilon)
                             .contiguous();
    values.insert(values.end(), x.data_ptr<double>(), x.data_ptr<double>() + x.numel());
  }
  double mean = 0, m2 = 0, m4 = 0, top = 0;
  for (const double v : values) mean += v / static_cast<double>(values.size());
  for (const double v : values) {
    m2 += std::pow(v - mean, 2) / static_cast<double>(values.size());
    m4 += std::pow(v - mean, 4) / static_cast<double>(values.size());
    top = std::max(top, std::abs(v));
  }
  EXPECT_TRUE(test::near_relative(sites["layers.0.qkv_in"]["kurtosis"], m4 / (m2 * m2), 1e-11));
  EXPECT_TRUE(test::near_relative(sites["layers.0.qkv_in"]["absmax"], top, 1e-14));
}

TEST(RandomSource, DrawsTransformersStart) {
  Json config = read_json_file(test::model_fixture("biases") / "config.json");
  const RandomSource source(parse_model_config(config, "config.json"), 3), other(parse_model_config(config, "config.json"), 4);
  const LayerWeights weights = source.layer(LayerIndex(1), Compute{});
  EXPECT_TRUE(at::equal(weights.input_norm, at::ones_like(weights.input_norm)));
  EXPECT_TRUE(at::equal(weights[LinearKind::q].bias, at::zeros_like(weights[LinearKind::q].bias)));
  const at::Tensor all =
      at::cat({weights[LinearKind::gate].weight.view({-1}), weights[LinearKind::up].weight.view({-1}), source.head({}).view({-1})});
  EXPECT_NEAR(all.std().item<double>(), 0.02, 0.002);
  EXPECT_NEAR(all.mean().item<double>(), 0.0, 0.002);
  EXPECT_TRUE(at::equal(weights[LinearKind::q].weight, source.layer(LayerIndex(1), Compute{})[LinearKind::q].weight));
  EXPECT_FALSE(at::equal(weights[LinearKind::q].weight, source.layer(LayerIndex(0), Compute{})[LinearKind::q].weight));
  EXPECT_FALSE(at::equal(weights[LinearKind::q].weight, other.layer(LayerIndex(1), Compute{})[LinearKind::q].weight));
}

}  // namespace
}  // namespace rolora
