// SPDX-License-Identifier: GPL-3.0-or-later
// The one forward pass against scalars, against itself cut differently, and the order of its listeners.
#include "core/model/forward.h"

#include <ATen/Functions.h>
#include <ATen/core/grad_mode.h>
#include <gtest/gtest.h>

#include "core/base/error.h"
#include "core/base/random.h"
#include "core/model/passes.h"
#include "tests/core/model/naive_llama.h"
#include "tests/support/near.h"
#include "tests/support/random_model.h"

namespace rolora {
namespace {

using test::near_relative;
using test::random_ids;
using test::small_config;
using test::TempFolder;
using test::tensors_near;
using test::write_random_model;

const Compute kFp64{at::kDouble, at::kCPU};

// Logits [T, V] of the scalar program for the same folder.
at::Tensor naive_logits(const ModelConfig& c, const test::NamedTensors& tensors, const at::Tensor& ids) {
  test::NaiveTensors plain;
  for (const auto& [name, tensor] : tensors) {
    plain[name] = std::vector<double>(tensor.const_data_ptr<double>(), tensor.const_data_ptr<double>() + tensor.numel());
  }
  const test::NaiveLlama naive(
      {static_cast<int>(c.hidden), static_cast<int>(c.intermediate), static_cast<int>(c.layers), static_cast<int>(c.heads),
       static_cast<int>(c.kv_heads), static_cast<int>(c.head_dim), static_cast<int>(c.vocabulary), c.rms_epsilon, c.rope.theta},
      plain);
  std::vector<int> list;
  for (int64_t i = 0; i < ids.numel(); ++i) list.push_back(static_cast<int>(ids.const_data_ptr<int64_t>()[i]));
  std::vector<at::Tensor> rows;
  for (const auto& row : naive.logits(list)) rows.push_back(at::tensor(row, at::kDouble));
  return at::stack(rows);
}

void expect_like_naive(const Json& config) {
  const TempFolder folder;
  const auto tensors = write_random_model(folder.path(), config, 7, at::kDouble);
  const Checkpoint checkpoint(folder.path());
  const at::Tensor ids = random_ids(1, 21, checkpoint.config().vocabulary);
  const at::Tensor found = ResidentModel(checkpoint, kFp64).logits(ids).squeeze(0);
  EXPECT_TRUE(tensors_near(found, naive_logits(checkpoint.config(), tensors, ids), 1e-12));
}

TEST(Forward, EqualsScalarProgramWithGroupedHeads) { expect_like_naive(small_config()); }

TEST(Forward, EqualsScalarProgramWithExplicitHeadDim) {
  Json config = small_config();
  config["head_dim"] = 10;
  expect_like_naive(config);
}

TEST(Forward, EqualsScalarProgramWithBiasesAndTiedHead) {
  Json config = small_config();
  config["attention_bias"] = true;
  config["mlp_bias"] = true;
  config["tie_word_embeddings"] = true;
  config["num_key_value_heads"] = 1;
  config["rope_theta"] = 500.0;
  expect_like_naive(config);
}

// Every site's tensor in the order of visits, with what each listener saw.
class Recorder final : public SiteListener {
 public:
  Recorder(std::string name, std::vector<std::string>& log, double factor = 1.0) : name_(std::move(name)), log_(log), factor_(factor) {}
  at::Tensor visit(const SiteVisit& where, const at::Tensor& x) override {
    log_.push_back(name_ + " " + site_name(where.layer, where.site) + " " + std::to_string(where.first_window.value));
    if (where.site == SiteKind::down_in) sums.push_back(x.sum().item<double>());
    return factor_ == 1.0 ? x : x * factor_;
  }
  std::vector<double> sums;

 private:
  std::string name_;
  std::vector<std::string>& log_;
  double factor_;
};

class ForwardOnSmallModel : public ::testing::Test {
 protected:
  ForwardOnSmallModel() {
    write_random_model(folder_.path(), small_config());
    checkpoint_ = std::make_unique<Checkpoint>(folder_.path());
  }
  PassOptions options(int64_t batch_tokens, uint64_t group_bytes) const { return {kFp64, batch_tokens, group_bytes, WindowIndex(0)}; }
  at::Tensor layerwise(const at::Tensor& windows, const PassOptions& how, std::vector<int64_t>* firsts = nullptr) const {
    std::vector<at::Tensor> parts;
    run_layerwise(*checkpoint_, windows, {}, how, silent_, "test", [&](WindowIndex first, const at::Tensor& h) {
      parts.push_back(h.clone());
      if (firsts) firsts->push_back(first.value);
    });
    return at::cat(parts);
  }
  TempFolder folder_;
  std::unique_ptr<Checkpoint> checkpoint_;
  mutable SilentMonitor silent_;
};

TEST_F(ForwardOnSmallModel, ListenersComeStageByStageInOrderOfAdding) {
  std::vector<std::string> log;
  Listeners listeners;
  auto quantizer = std::make_shared<Recorder>("quantization", log);
  auto observer = std::make_shared<Recorder>("observation", log, 1.0);
  listeners.add(ListenerStage::quantization, quantizer);
  listeners.add(ListenerStage::observation, observer);
  listeners.add(ListenerStage::rotation, std::make_shared<Recorder>("rotation", log, 2.0));
  listeners.add(ListenerStage::rotation, std::make_shared<Recorder>("second", log, 3.0));
  const at::Tensor x = at::ones({1, 2, 3}, at::kDouble);
  const at::Tensor y = listeners.pass({LayerIndex(4), SiteKind::down_in, WindowIndex(9)}, x);
  EXPECT_EQ(log, (std::vector<std::string>{"rotation layers.4.down_in 9", "second layers.4.down_in 9", "observation layers.4.down_in 9",
                                           "quantization layers.4.down_in 9"}));
  EXPECT_EQ(observer->sums, std::vector<double>{36.0});  // sees what the online rotations made
  EXPECT_TRUE(at::equal(y, x * 6));
}

TEST_F(ForwardOnSmallModel, SitesAreVisitedInTheOrderOfTheComputation) {
  std::vector<std::string> log;
  Listeners listeners;
  listeners.add(ListenerStage::observation, std::make_shared<Recorder>("", log));
  run_layerwise(*checkpoint_, random_ids(1, 5, 50), listeners, options(100, 1 << 20), silent_, "test");
  std::vector<std::string> expected;
  for (const char* layer : {"0", "1"}) {
    for (const char* site : {"residual_in", "qkv_in", "q_out", "k_out", "v_out", "o_in", "gate_up_in", "down_in"}) {
      expected.push_back(std::string(" layers.") + layer + "." + site + " 0");
    }
  }
  EXPECT_EQ(log, expected);
}

// A change at a site must reach the result; the residual stream is only observed.
TEST_F(ForwardOnSmallModel, ChangesAtSitesTakeEffect) {
  class Scale final : public SiteListener {
   public:
    explicit Scale(SiteKind site) : site_(site) {}
    at::Tensor visit(const SiteVisit& where, const at::Tensor& x) override { return where.site == site_ ? x * 1.5 : x; }

   private:
    SiteKind site_;
  };
  const at::Tensor ids = random_ids(1, 9, 50);
  const at::Tensor plain = ResidentModel(*checkpoint_, kFp64).logits(ids);
  for (SiteKind site :
       {SiteKind::qkv_in, SiteKind::q_out, SiteKind::k_out, SiteKind::v_out, SiteKind::o_in, SiteKind::gate_up_in, SiteKind::down_in}) {
    ResidentModel model(*checkpoint_, kFp64);
    model.listeners().add(ListenerStage::rotation, std::make_shared<Scale>(site));
    EXPECT_GT(test::relative_l2(model.logits(ids), plain), 1e-3) << name_of(site);
  }
  ResidentModel model(*checkpoint_, kFp64);
  model.listeners().add(ListenerStage::rotation, std::make_shared<Scale>(SiteKind::residual_in));
  EXPECT_TRUE(at::equal(model.logits(ids), plain));
}

TEST_F(ForwardOnSmallModel, CutsOfALayerwisePassDoNotMatter) {
  const at::Tensor windows = random_ids(7, 11, 50);
  std::vector<int64_t> firsts;
  const at::Tensor whole = layerwise(windows, options(1000, 1 << 30), &firsts);
  EXPECT_EQ(firsts, std::vector<int64_t>{0});
  EXPECT_TRUE(tensors_near(ResidentModel(*checkpoint_, kFp64).hidden(windows), whole, 1e-13));
  firsts.clear();
  EXPECT_TRUE(tensors_near(layerwise(windows, options(11, 1 << 30), &firsts), whole, 1e-13));
  EXPECT_EQ(firsts, (std::vector<int64_t>{0, 1, 2, 3, 4, 5, 6}));
  firsts.clear();
  EXPECT_TRUE(tensors_near(layerwise(windows, options(22, 3 * 11 * 24 * 8), &firsts), whole, 1e-13));
  EXPECT_EQ(firsts, (std::vector<int64_t>{0, 2, 3, 5, 6}));  // groups of three windows in batches of two
}

TEST_F(ForwardOnSmallModel, AStoppedPassEndsAsCancelled) {
  class Stopped final : public Monitor {
   public:
    void progress(std::string_view, int64_t done, int64_t) override { done_ = done; }
    void metric(std::string_view, int64_t, double) override {}
    void notice(std::string_view) override {}
    bool stop_requested() const override { return done_ >= 3; }
    int64_t done_ = 0;
  } monitor;
  EXPECT_THROW(run_layerwise(*checkpoint_, random_ids(5, 4, 50), {}, options(4, 1 << 20), monitor, "test"), Cancelled);
  EXPECT_EQ(monitor.done_, 3);
}

TEST_F(ForwardOnSmallModel, StepsOnACacheEqualThePrefill) {
  const at::NoGradGuard no_grad;
  const ResidentModel model(*checkpoint_, kFp64);
  const at::Tensor ids = random_ids(1, 17, 50);
  const at::Tensor whole = model.logits(ids).squeeze(0);
  std::vector<LayerCache> cache(2);
  int64_t position = 0;
  for (int64_t count : {4, 1, 1, 6, 1, 4}) {  // several new tokens on a filled cache need a mask of their own
    const at::Tensor last = model.step(ids.slice(1, position, position + count), cache, position);
    position += count;
    EXPECT_TRUE(tensors_near(last, whole.select(0, position - 1), 1e-13)) << "after " << position;
  }
}

TEST_F(ForwardOnSmallModel, LikelihoodInChunksEqualsSoftmaxOfAll) {
  const at::NoGradGuard no_grad;
  const ResidentModel model(*checkpoint_, kFp64);
  ResidentModel resident(*checkpoint_, kFp64);
  const at::Tensor ids = random_ids(1, 30, 50);
  const at::Tensor h = model.hidden(ids).squeeze(0).slice(0, 0, 29), targets = ids.squeeze(0).slice(0, 1);
  const at::Tensor expected = -at::log_softmax(model.logits(ids).squeeze(0).slice(0, 0, 29), 1).gather(1, targets.unsqueeze(1)).squeeze(1);
  EXPECT_TRUE(tensors_near(token_nll(h, targets, resident.final_norm(), resident.head(), 1e-5), expected, 1e-13));
}

// Longer than a chunk of queries, with a window and without: whole, cut in two, and token by token, where no mask is made.
TEST(LongPrompt, ChunksOfQueriesSeeWhatTheyShould) {
  const at::NoGradGuard no_grad;
  for (const char* type : {"mistral", "llama"}) {
    Json config = small_config();
    config.update({{"model_type", type}, {"max_position_embeddings", 1024}, {"num_hidden_layers", 1}});
    if (config["model_type"] == "mistral") config["sliding_window"] = 300;
    const TempFolder folder;
    write_random_model(folder.path(), config, 7, at::kDouble);
    const ResidentModel model(Checkpoint(folder.path()), kFp64);
    const at::Tensor ids = random_ids(1, 700, 50), whole = model.logits(ids).squeeze(0);
    std::vector<LayerCache> steps(1), halves(1);
    for (int64_t i = 0; i < 700; ++i) {
      const at::Tensor row = model.step(ids.slice(1, i, i + 1), steps, i);
      ASSERT_TRUE(tensors_near(row, whole[i], 1e-12)) << type << " " << i;
    }
    model.step(ids.slice(1, 0, 320), halves, 0);
    EXPECT_TRUE(tensors_near(model.step(ids.slice(1, 320), halves, 320), whole[699], 1e-12)) << type;
  }
}

// A gradient of the loss with respect to a weight, against a central difference.
TEST_F(ForwardOnSmallModel, IsDifferentiable) {
  ResidentModel model(*checkpoint_, kFp64);
  const at::Tensor ids = random_ids(2, 8, 50);
  const auto loss = [&] {
    const at::Tensor h = model.hidden(ids).slice(1, 0, 7).reshape({-1, 24});
    return token_nll(h, ids.slice(1, 1).reshape({-1}), model.final_norm(), model.head(), 1e-5).mean();
  };
  for (LinearKind kind : kAllLinears) {
    at::Tensor& weight = model.layers()[0][kind].weight;
    weight.set_requires_grad(true);
    loss().backward();
    const double analytic = weight.grad()[1][2].item<double>();
    weight.set_requires_grad(false);
    const double step = 1e-5, was = weight[1][2].item<double>();
    weight[1][2] = was + step;
    const double above = loss().item<double>();
    weight[1][2] = was - step;
    const double below = loss().item<double>();
    weight[1][2] = was;
    EXPECT_NEAR(analytic, (above - below) / (2 * step), 1e-8) << target_name(kind);
  }
}

at::Tensor normal_tensor(const std::vector<int64_t>& shape, uint64_t seed) {
  Random random(seed, "normal tensor");
  const at::Tensor values = at::empty(shape, at::kDouble);
  for (int64_t i = 0; i < values.numel(); ++i) values.mutable_data_ptr<double>()[i] = random.normal();
  return values;
}

// y = (W + s B A) x by rows brought to the length m, + b: scalar by scalar, merged too; b is not scaled.
TEST(Linear, MagnitudesAreTheLengthsOfTheRows) {
  Linear linear{normal_tensor({3, 4}, 1), normal_tensor({3}, 2), {}};
  AdapterTerm term{normal_tensor({2, 4}, 3), normal_tensor({3, 2}, 4), 0.7, 0, false, at::tensor({2.0, 0.5, 3.0}, at::kDouble)};
  term.row_norms = row_norms(linear.weight, term);
  linear.adapter = std::make_shared<AdapterTerm>(term);
  const at::Tensor x = normal_tensor({5, 4}, 5), found = linear.apply(x), merged = linear.merged_weight();
  const auto at2 = [](const at::Tensor& t, int64_t i, int64_t j) { return t[i][j].item<double>(); };
  for (int64_t out = 0; out < 3; ++out) {
    double row[4], squares = 0;
    for (int64_t in = 0; in < 4; ++in) {
      row[in] = at2(linear.weight, out, in);
      for (int64_t k = 0; k < 2; ++k) row[in] += 0.7 * at2(term.b, out, k) * at2(term.a, k, in);
      squares += row[in] * row[in];
    }
    const double factor = term.magnitude[out].item<double>() / std::sqrt(squares);
    for (int64_t n = 0; n < 5; ++n) {
      double y = linear.bias[out].item<double>();
      for (int64_t in = 0; in < 4; ++in) y += factor * row[in] * at2(x, n, in);
      EXPECT_NEAR(at2(found, n, out), y, 1e-14);
    }
    for (int64_t in = 0; in < 4; ++in) EXPECT_NEAR(at2(merged, out, in), factor * row[in], 1e-15);
  }
}

// A row of zeros has no direction that a magnitude could lengthen.
TEST(Linear, ARowOfZerosStaysOne) {
  Linear linear{at::zeros({2, 3}), {}, {}};
  AdapterTerm term{at::ones({1, 3}), at::tensor({0.0F, 1.0F}).view({2, 1}), 1, 0, false, at::ones({2})};
  term.row_norms = row_norms(linear.weight, term);
  linear.adapter = std::make_shared<AdapterTerm>(term);
  EXPECT_TRUE(at::equal(linear.merged_weight()[0], at::zeros({3})));
  EXPECT_EQ(linear.apply(at::ones({1, 3}))[0][0].item<float>(), 0);
}

TEST(Linear, AdapterAddsItsLowRankTerm) {
  at::Tensor x = at::arange(6, at::kDouble).reshape({2, 3});
  Linear linear;
  linear.weight = at::eye(3, at::kDouble);
  linear.bias = at::tensor({1.0, 2.0, 3.0}, at::kDouble);
  auto term = std::make_shared<AdapterTerm>();
  term->a = at::tensor({1.0, 0.0, -1.0}, at::kDouble).reshape({1, 3});
  term->b = at::tensor({2.0, 0.0, 5.0}, at::kDouble).reshape({3, 1});
  term->scaling = 0.5;
  linear.adapter = term;
  // x·aᵀ = −2 in both rows, times b times 0.5 = (−2, 0, −5).
  EXPECT_TRUE(at::equal(linear.apply(x), x + at::tensor({1.0 - 2.0, 2.0, 3.0 - 5.0}, at::kDouble)));
}

TEST(RmsNorm, ComputesInFp32AndCastsOnce) {
  const at::Tensor x = at::tensor({300.0, -400.0}, at::kDouble).to(at::kHalf);  // squares overflow fp16
  const at::Tensor y = rms_norm(x, at::ones({2}, at::kHalf), 1e-6);
  EXPECT_EQ(y.scalar_type(), at::kHalf);
  EXPECT_TRUE(tensors_near(y, at::tensor({300.0, -400.0}, at::kDouble) / std::sqrt(125000.0), 1e-3));
}

}  // namespace
}  // namespace rolora
