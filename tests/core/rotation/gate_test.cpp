// SPDX-License-Identifier: GPL-3.0-or-later
// The gate passes what is right, and refuses every planted defect by its name.
#include "core/rotation/gate.h"

#include <ATen/Functions.h>
#include <gtest/gtest.h>

#include "core/base/error.h"
#include "tests/core/rotation/rotation_cases.h"
#include "tests/support/near.h"

namespace rolora {
namespace {

const Compute kDouble{at::kDouble, at::kCPU}, kSingle{at::kFloat, at::kCPU};

// A rotated model with something wrong in it.
class Defective final : public ModelSource {
 public:
  explicit Defective(const RotatedSource& right) : right_(right) {}
  std::function<void(LayerIndex, LayerWeights&)> edit_layer = [](LayerIndex, LayerWeights&) {};
  std::function<at::Tensor(const at::Tensor&)> edit_embedding = [](const at::Tensor& x) { return x; };
  std::function<at::Tensor(const at::Tensor&)> edit_head = [](const at::Tensor& x) { return x; };
  std::function<void(Listeners&, const Compute&)> online;  // in place of the right one

  const ModelConfig& config() const override { return right_.config(); }
  LayerWeights layer(LayerIndex index, const Compute& compute) const override {
    LayerWeights weights = right_.layer(index, kDouble);
    edit_layer(index, weights);
    for (LinearKind kind : kAllLinears) {
      weights[kind].weight = weights[kind].weight.to(compute.type);
      if (weights[kind].bias.defined()) weights[kind].bias = weights[kind].bias.to(compute.type);
    }
    weights.input_norm = weights.input_norm.to(compute.type);
    weights.post_attention_norm = weights.post_attention_norm.to(compute.type);
    return weights;
  }
  at::Tensor embed(const at::Tensor& ids, const Compute& compute) const override {
    return edit_embedding(right_.embed(ids, kDouble)).to(compute.type);
  }
  at::Tensor final_norm(const Compute& compute) const override { return right_.final_norm(compute); }
  at::Tensor head(const Compute& compute) const override { return edit_head(right_.head(kDouble)).to(compute.type); }
  void attach(Listeners& listeners, const Compute& compute) const override {
    if (online) {
      online(listeners, compute);
    } else {
      right_.attach(listeners, compute);
    }
  }

 private:
  const RotatedSource& right_;
};

class EqualityGate : public ::testing::Test {
 protected:
  void open(bool tied, bool biases, const RotationSettings& settings) {
    plain_ = test::open_random_model(folder_, test::config_with(tied, biases));
    rotated_.emplace(plain_, make_rotation(*plain_, "", settings));
    defective_.emplace(*rotated_);
  }
  GateResult gate(const ModelSource& found, const GateBounds& bounds = gate_bounds(at::kFloat), const Compute& compute = kSingle) {
    SilentMonitor monitor;
    return equality_gate(*plain_, found, {gate_tokens(plain_->config(), 1), test::ids_of(test::random_ids(1, 20, 50))}, compute, bounds,
                         monitor);
  }
  void expect_refused(const char* cause) {
    for (at::ScalarType stored : {at::kFloat, at::kBFloat16}) {  // also where the bound is wide
      const GateResult result = gate(*defective_, gate_bounds(stored));
      EXPECT_FALSE(result.passed);
      EXPECT_EQ(result.cause.substr(0, std::string(cause).size()), cause) << result.cause << ", relative L2 " << result.relative_l2;
    }
  }
  const RotationRecord& record() const { return rotated_->record(); }

  static constexpr OrthogonalKind none = OrthogonalKind::none, had = OrthogonalKind::hadamard;
  test::TempFolder folder_;
  std::shared_ptr<const Checkpoint> plain_;
  std::optional<RotatedSource> rotated_;
  std::optional<Defective> defective_;
};

TEST_F(EqualityGate, PassesEveryRightRotation) {
  for (const auto& [name, settings] : test::all_settings()) {
    SCOPED_TRACE(name);
    open(true, true, settings);
    const GateResult single = gate(*defective_);  // nothing planted
    EXPECT_TRUE(single.passed) << single.cause;
    EXPECT_EQ(single.argmax_agreement, 1.0);
    EXPECT_EQ(single.tokens, 84);
    EXPECT_NEAR(single.perplexity_rotated / single.perplexity_original, 1, 1e-5);
    EXPECT_TRUE(single.cause.empty());
    const GateResult exact = gate(*rotated_, gate_bounds(at::kDouble), kDouble);
    EXPECT_TRUE(exact.passed) << exact.relative_l2;
  }
}

TEST_F(EqualityGate, TiedHeadRotatedTwice) {
  open(true, false, test::settings_of(had, false, false, had));
  defective_->edit_head = [&](const at::Tensor& head) { return record().r1.apply(head); };
  expect_refused("tied head");
}

TEST_F(EqualityGate, TiedTensorRotatedTwiceForBoth) {
  open(true, false, test::settings_of(had, false, false, had));
  const auto twice = [&](const at::Tensor& e) { return record().r1.apply(record().r1.apply(e)); };
  defective_->edit_embedding = [&](const at::Tensor& e) { return twice(record().r1.apply_transposed(e)); };
  defective_->edit_head = [&](const at::Tensor&) { return twice(plain_->head(kDouble)); };
  expect_refused("tied head");
}

TEST_F(EqualityGate, ForgottenBiases) {
  for (LinearKind kind : {LinearKind::o, LinearKind::down, LinearKind::v}) {
    SCOPED_TRACE(target_name(kind));
    open(false, true, test::settings_of(had, true, false, had));
    defective_->edit_layer = [&](LayerIndex layer, LayerWeights& weights) {
      weights[kind].bias = plain_->layer(layer, kDouble)[kind].bias;
    };
    expect_refused("bias");
    defective_->edit_layer = [&](LayerIndex, LayerWeights& weights) { weights[kind].bias = at::Tensor(); };
    expect_refused("bias");
  }
}

TEST_F(EqualityGate, AnotherSeedOnlineThanFolded) {
  open(false, false, test::settings_of(had, false, false, had, true));
  defective_->online = [&](Listeners& listeners, const Compute& compute) {
    RotationRecord other = record();
    other.r4 = make_orthogonal(had, 40, record().settings.seed + 1, "r4", true);
    attach_online_rotations(other, listeners, compute);
  };
  expect_refused("R4");
}

TEST_F(EqualityGate, NoOnlineRotationAtAll) {
  open(false, false, test::settings_of(none, false, false, had));
  defective_->online = [](Listeners&, const Compute&) {};
  expect_refused("R4");
}

// The same matrices in the other order: Sylvester ⊗ K in place of K ⊗ Sylvester.
TEST_F(EqualityGate, WrongOrderOfTheKroneckerProduct) {
  open(false, false, test::settings_of(none, false, false, had));
  ASSERT_EQ(record().r4.construction, "PaleyI(19) x Sylvester(2)");
  defective_->online = [&](Listeners& listeners, const Compute& compute) {
    RotationRecord other = record();
    other.r4.factor = at::kron(at::tensor({1.0, 1.0, 1.0, -1.0}, at::kDouble).view({2, 2}), record().r4.factor).contiguous();
    other.r4.sylvester = 1;
    attach_online_rotations(other, listeners, compute);
  };
  expect_refused("R4");
}

TEST_F(EqualityGate, WrongWidth) {
  open(false, false, test::settings_of(none, false, false, had));
  defective_->online = [&](Listeners& listeners, const Compute& compute) {
    RotationRecord other = record();
    other.r4 = make_orthogonal(had, 20, 0, "r4", false);
    attach_online_rotations(other, listeners, compute);
  };
  expect_refused("width");
  defective_->online = nullptr;
  defective_->edit_layer = [](LayerIndex, LayerWeights& weights) {
    weights[LinearKind::down].weight = weights[LinearKind::down].weight.slice(1, 0, 20);
  };
  expect_refused("width");
}

TEST_F(EqualityGate, CentredEmbedding) {
  open(false, false, test::settings_of(had, false, false, had));
  defective_->edit_embedding = [&](const at::Tensor& e) {
    const at::Tensor plain = record().r1.apply_transposed(e);
    return record().r1.apply(plain - plain.mean(-1, true));
  };
  expect_refused("centring");
}

TEST_F(EqualityGate, LostGains) {
  open(false, false, test::settings_of(had, false, false, none));
  defective_->edit_layer = [&](LayerIndex layer, LayerWeights& weights) {
    const at::Tensor gate = plain_->layer(layer, kDouble)[LinearKind::gate].weight;
    if (layer == LayerIndex(1)) weights[LinearKind::gate].weight = rotate_rows(gate, record().r1);
  };
  expect_refused("gain: the norm before model.layers.1.mlp.gate_proj");
  open(false, false, test::settings_of(had, false, false, none));
  defective_->edit_head = [&](const at::Tensor&) { return rotate_rows(plain_->head(kDouble), record().r1); };
  expect_refused("gain");
}

TEST_F(EqualityGate, OneMatrixInAnotherBasis) {
  open(false, false, test::settings_of(had, false, false, none));
  defective_->edit_layer = [&](LayerIndex, LayerWeights& weights) {
    weights[LinearKind::k].weight = record().r1.apply(weights[LinearKind::k].weight);
  };
  expect_refused("R1: model.layers.0.self_attn.k_proj");
  defective_->edit_layer = [&](LayerIndex, LayerWeights& weights) {
    weights[LinearKind::v].weight = record().r1.apply(weights[LinearKind::v].weight);
  };
  expect_refused("R1: model.layers.0.self_attn.v_proj");
}

TEST_F(EqualityGate, HeadsRotatedOnOneSideOnly) {
  open(false, true, test::settings_of(none, true, false, none));
  defective_->edit_layer = [&](LayerIndex layer, LayerWeights& weights) {
    weights[LinearKind::o].weight = plain_->layer(layer, kDouble)[LinearKind::o].weight;
  };
  expect_refused("R2");
}

class QueriesOnly final : public SiteListener {
 public:
  explicit QueriesOnly(const OrthogonalMap& map) : map_(map) {}
  at::Tensor visit(const SiteVisit& where, const at::Tensor& x) override { return where.site == SiteKind::q_out ? map_.apply(x) : x; }

 private:
  OrthogonalMap map_;
};

TEST_F(EqualityGate, QueriesRotatedWithoutKeys) {
  open(false, false, test::settings_of(none, false, true, none));
  defective_->online = [&](Listeners& listeners, const Compute&) {
    listeners.add(ListenerStage::rotation, std::make_shared<QueriesOnly>(record().r3));
  };
  expect_refused("R3");
}

TEST_F(EqualityGate, RoundingBeyondTheBoundIsTheTypes) {
  open(false, false, test::settings_of(had, false, false, had));
  defective_->edit_layer = [](LayerIndex, LayerWeights& weights) {
    for (LinearKind kind : kAllLinears) weights[kind].weight = weights[kind].weight.to(at::kBFloat16).to(at::kDouble);
  };
  EXPECT_TRUE(gate(*defective_, gate_bounds(at::kBFloat16)).passed);
  const GateResult strict = gate(*defective_, gate_bounds(at::kFloat));
  EXPECT_FALSE(strict.passed);
  EXPECT_EQ(strict.cause.substr(0, 6), "dtype:") << strict.cause;
}

// A bound below what fp32 arithmetic can keep stands for a model that amplifies its rounding: nothing is wrong with the rotation.
TEST_F(EqualityGate, RoundingOfTheArithmeticIsNotTheStoredTypes) {
  open(false, true, test::settings_of(had, true, true, had));
  const GateResult single = gate(*rotated_, {1e-9});
  EXPECT_FALSE(single.passed);
  EXPECT_NE(single.cause.find("amplifies the rounding of float32 arithmetic; --dtype float64 avoids it"), std::string::npos)
      << single.cause;
  EXPECT_EQ(single.cause.find("stored type"), std::string::npos) << single.cause;
  EXPECT_TRUE(gate(*rotated_, {1e-9}, kDouble).passed) << "what the message says helps";
}

// Only the first head of queries is looked at when parts are compared.
class LastHeadsTurned final : public SiteListener {
 public:
  at::Tensor visit(const SiteVisit& where, const at::Tensor& x) override {
    if (where.site != SiteKind::q_out) return x;
    at::Tensor turned = x.clone();
    turned.slice(2, 1).mul_(-20);
    return turned;
  }
};

TEST_F(EqualityGate, WhatFp64ArithmeticMissesTooIsTheStoredTypes) {
  open(false, false, test::settings_of(had, false, false, none));
  defective_->online = [](Listeners& listeners, const Compute&) {
    listeners.add(ListenerStage::rotation, std::make_shared<LastHeadsTurned>());
  };
  const std::string fp32 = gate(*defective_).cause, half = gate(*defective_, {2e-5}).cause;
  for (const std::string& cause : {fp32, half}) EXPECT_NE(cause.find("the rounding of the stored type"), std::string::npos) << cause;
  EXPECT_EQ(fp32.find("--store"), std::string::npos) << "float32 is the widest store";
  EXPECT_NE(half.find("--store float32"), std::string::npos);
}

TEST_F(EqualityGate, NotANumberNeverPasses) {
  open(false, false, test::settings_of(had, false, false, had));
  defective_->edit_head = [](const at::Tensor& head) { return head.index_fill(0, at::tensor({3}, at::kLong), NAN); };
  const GateResult result = gate(*defective_, {1e9});
  EXPECT_FALSE(result.passed);
  EXPECT_FALSE(result.cause.empty());
}

TEST_F(EqualityGate, HalfArithmeticIsHeldAgainstTheOriginalsOwnError) {
  open(false, false, test::settings_of(had, false, false, had));
  const GateResult right = gate(*rotated_, gate_bounds(at::kBFloat16), {at::kBFloat16, at::kCPU});
  EXPECT_TRUE(right.half_arithmetic);
  EXPECT_GT(right.own_error_original, 1e-3);
  EXPECT_LE(right.own_error_rotated, 1.5 * right.own_error_original);
  EXPECT_TRUE(right.passed);
}

TEST_F(EqualityGate, AFailureNamesTheCriterionThatFailed) {
  GateResult result;
  result.bounds = gate_bounds(at::kBFloat16);
  result.cause = "dtype";
  result.relative_l2 = 0.5;
  EXPECT_EQ(gate_failure_text(result),
            "equality gate: relative L2 of the logits: expected at most 2.00e-02, found 5.00e-01; likely cause: dtype");
  result.relative_l2 = 1e-3;
  result.half_arithmetic = true;
  result.own_error_original = 1e-2;
  result.own_error_rotated = 2e-2;
  EXPECT_EQ(gate_failure_text(result),
            "equality gate: relative L2 of the logits against fp64 in the stored type: expected at most 1.50e+00 times the original's "
            "1.00e-02, found 2.00e-02; likely cause: dtype");
}

TEST_F(EqualityGate, TokensAreSeededAndFitTheModel) {
  open(false, false, test::settings_of(had, false, false, none));
  EXPECT_EQ(gate_tokens(plain_->config(), 4), gate_tokens(plain_->config(), 4));
  EXPECT_NE(gate_tokens(plain_->config(), 4), gate_tokens(plain_->config(), 5));
  EXPECT_EQ(gate_tokens(plain_->config(), 4).size(), 64U);
  ModelConfig shorter = plain_->config();
  shorter.context = 10;
  EXPECT_EQ(gate_tokens(shorter, 4).size(), 10U);
  SilentMonitor monitor;
  EXPECT_THROW(equality_gate(*plain_, *rotated_, {{1}}, kSingle, {}, monitor), Error);
}

}  // namespace
}  // namespace rolora
