// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/rotation/rotated_source.h"

#include <ATen/Functions.h>
#include <gtest/gtest.h>

#include "core/base/error.h"
#include "core/model/passes.h"
#include "core/rotation/gate.h"
#include "tests/core/rotation/rotation_cases.h"
#include "tests/support/near.h"

namespace rolora {
namespace {

using test::relative_l2;

const Compute kDouble{at::kDouble, at::kCPU}, kSingle{at::kFloat, at::kCPU};

// The function is unchanged: every part, alone and together, on grouped heads, with and without biases and a tied head.
TEST(RotatedSource, ComputesWhatThePlainModelComputes) {
  SilentMonitor monitor;
  for (bool tied : {false, true}) {
    for (bool biases : {false, true}) {
      test::TempFolder folder;
      const auto plain = test::open_random_model(folder, test::config_with(tied, biases));
      const std::vector<int64_t> ids = test::ids_of(test::random_ids(1, 40, 50));
      const at::Tensor exact = logits_of_text(*plain, ids, kDouble, monitor, "test");
      for (const auto& [name, settings] : test::all_settings()) {
        SCOPED_TRACE(name + (tied ? ", tied" : "") + (biases ? ", biases" : ""));
        const RotatedSource rotated(plain, make_rotation(*plain, "", settings));
        EXPECT_FALSE(rotated.config().tied);
        EXPECT_LE(relative_l2(logits_of_text(rotated, ids, kDouble, monitor, "test"), exact), 1e-12);
        EXPECT_LE(relative_l2(logits_of_text(rotated, ids, kSingle, monitor, "test"), exact), 1e-5);
      }
    }
  }
}

// The resident model and the layer-wise pass attach the same online rotations.
TEST(RotatedSource, ServesTheResidentModelToo) {
  test::TempFolder folder;
  SilentMonitor monitor;
  const auto plain = test::open_random_model(folder, test::config_with(true, true));
  const RotatedSource rotated(plain, make_rotation(*plain, "", test::all_settings()[8].settings));
  const at::Tensor ids = test::random_ids(1, 20, 50);
  const at::Tensor found = ResidentModel(rotated, kDouble).logits(ids)[0];
  EXPECT_LE(relative_l2(found, logits_of_text(*plain, test::ids_of(ids), kDouble, monitor, "test")), 1e-12);
}

at::Tensor block_diagonal(const at::Tensor& p, int64_t count) { return at::kron(at::eye(count, at::kDouble), p); }

// Every tensor against the method's formulas with dense matrices.
TEST(RotatedSource, FoldsEveryTensorAsTheMethodSays) {
  test::TempFolder folder;
  const auto plain = test::open_random_model(folder, test::config_with(true, true));
  const RotatedSource rotated(plain, make_rotation(*plain, "", test::all_settings()[8].settings));
  const RotationRecord& record = rotated.record();
  const at::Tensor q = record.r1.dense(), p = record.r2.dense(), h = record.r4.dense();
  const LayerWeights x = plain->layer(LayerIndex(1), kDouble), y = rotated.layer(LayerIndex(1), kDouble);
  const auto w = [](const LayerWeights& l, LinearKind k) { return l[k].weight; };
  const auto reader = [&](LinearKind k, const at::Tensor& gain) { return (w(x, k) * gain).matmul(q); };
  const at::Tensor rows = block_diagonal(p, 2), columns = block_diagonal(p, 4);  // 2 key/value heads, 4 heads
  EXPECT_LE(relative_l2(w(y, LinearKind::q), reader(LinearKind::q, x.input_norm)), 1e-13);
  EXPECT_LE(relative_l2(w(y, LinearKind::k), reader(LinearKind::k, x.input_norm)), 1e-13);
  EXPECT_LE(relative_l2(w(y, LinearKind::v), rows.t().matmul(reader(LinearKind::v, x.input_norm))), 1e-13);
  EXPECT_LE(relative_l2(w(y, LinearKind::gate), reader(LinearKind::gate, x.post_attention_norm)), 1e-13);
  EXPECT_LE(relative_l2(w(y, LinearKind::up), reader(LinearKind::up, x.post_attention_norm)), 1e-13);
  EXPECT_LE(relative_l2(w(y, LinearKind::o), q.t().matmul(w(x, LinearKind::o)).matmul(columns)), 1e-13);
  EXPECT_LE(relative_l2(w(y, LinearKind::down), q.t().matmul(w(x, LinearKind::down)).matmul(h)), 1e-13);
  for (LinearKind k : {LinearKind::q, LinearKind::k, LinearKind::gate, LinearKind::up}) EXPECT_TRUE(at::equal(y[k].bias, x[k].bias));
  EXPECT_LE(relative_l2(y[LinearKind::v].bias, rows.t().matmul(x[LinearKind::v].bias)), 1e-13);
  EXPECT_LE(relative_l2(y[LinearKind::o].bias, q.t().matmul(x[LinearKind::o].bias)), 1e-13);
  EXPECT_LE(relative_l2(y[LinearKind::down].bias, q.t().matmul(x[LinearKind::down].bias)), 1e-13);
  EXPECT_TRUE(at::equal(y.input_norm, at::ones_like(y.input_norm)));
  EXPECT_TRUE(at::equal(y.post_attention_norm, at::ones_like(y.input_norm)));
  EXPECT_TRUE(at::equal(rotated.final_norm(kDouble), at::ones_like(y.input_norm)));
  EXPECT_LE(relative_l2(rotated.head(kDouble), (plain->head(kDouble) * plain->final_norm(kDouble)).matmul(q)), 1e-13);
  const at::Tensor ids = at::arange(50, at::kLong);
  EXPECT_LE(relative_l2(rotated.embed(ids, kDouble), plain->embed(ids, kDouble).matmul(q)), 1e-13);
}

TEST(RotatedSource, R4AloneLeavesGainsAndEverythingElse) {
  test::TempFolder folder;
  const auto plain = test::open_random_model(folder, test::config_with(false, false));
  const RotatedSource rotated(plain, make_rotation(*plain, "", test::all_settings()[4].settings));
  const LayerWeights x = plain->layer(LayerIndex(0), kDouble), y = rotated.layer(LayerIndex(0), kDouble);
  EXPECT_TRUE(at::equal(y.input_norm, x.input_norm));
  EXPECT_TRUE(at::equal(y[LinearKind::q].weight, x[LinearKind::q].weight));
  EXPECT_FALSE(at::equal(y[LinearKind::down].weight, x[LinearKind::down].weight));
  EXPECT_TRUE(at::equal(rotated.head(kDouble), plain->head(kDouble)));
}

// Rounded once: the fp32 tensors are the rounded fp64 ones, from an input stored in fp32 or bf16.
TEST(RotatedSource, RoundsOnce) {
  for (at::ScalarType stored : {at::kFloat, at::kBFloat16}) {
    test::TempFolder folder;
    const auto plain = test::open_random_model(folder, test::config_with(false, true), stored);
    const RotatedSource rotated(plain, make_rotation(*plain, "", test::all_settings()[8].settings));
    const LayerWeights exact = rotated.layer(LayerIndex(0), kDouble), rounded = rotated.layer(LayerIndex(0), kSingle);
    for (LinearKind kind : kAllLinears) {
      EXPECT_TRUE(at::equal(rounded[kind].weight, exact[kind].weight.to(at::kFloat)));
      EXPECT_TRUE(at::equal(rounded[kind].bias, exact[kind].bias.to(at::kFloat)));
    }
    EXPECT_TRUE(at::equal(rotated.head(kSingle), rotated.head(kDouble).to(at::kFloat)));
  }
}

// A source that keeps its tensors: folding must not write into them.
class Resident final : public ModelSource {
 public:
  explicit Resident(const ModelSource& from) : config_(from.config()), layer_(from.layer(LayerIndex(0), kDouble)), from_(from) {}
  const ModelConfig& config() const override { return config_; }
  LayerWeights layer(LayerIndex, const Compute&) const override { return layer_; }
  at::Tensor embed(const at::Tensor& ids, const Compute& compute) const override { return from_.embed(ids, compute); }
  at::Tensor final_norm(const Compute& compute) const override { return from_.final_norm(compute); }
  at::Tensor head(const Compute& compute) const override { return from_.head(compute); }
  void attach(Listeners&, const Compute&) const override {}
  LayerWeights& weights() { return layer_; }

 private:
  ModelConfig config_;
  LayerWeights layer_;
  const ModelSource& from_;
};

TEST(RotatedSource, LeavesTheInputAlone) {
  test::TempFolder folder;
  const auto plain = test::open_random_model(folder, test::config_with(false, true));
  const auto resident = std::make_shared<Resident>(*plain);
  const RotatedSource rotated(resident, make_rotation(*resident, "", test::all_settings()[8].settings));
  rotated.layer(LayerIndex(0), kDouble);
  const LayerWeights expected = plain->layer(LayerIndex(0), kDouble);
  for (LinearKind kind : kAllLinears) {
    EXPECT_TRUE(at::equal(resident->weights()[kind].weight, expected[kind].weight));
    EXPECT_TRUE(at::equal(resident->weights()[kind].bias, expected[kind].bias));
  }
}

TEST(RotatedSource, RefusesAnUnmergedAdapter) {
  test::TempFolder folder;
  const auto plain = test::open_random_model(folder, test::config_with(false, false));
  const auto resident = std::make_shared<Resident>(*plain);
  resident->weights()[LinearKind::v].adapter = std::make_shared<const AdapterTerm>();
  const RotatedSource rotated(resident, make_rotation(*resident, "", test::all_settings()[0].settings));
  EXPECT_THROW(rotated.layer(LayerIndex(0), kDouble), InputError);
}

}  // namespace
}  // namespace rolora
