// SPDX-License-Identifier: GPL-3.0-or-later
// Every family rotates: the small folders that transformers wrote (tests/core/model/make_family_fixtures.py), with biases, tied heads,
// norms of queries and keys, fused linears, windows, partly turned heads, and widths with and without a Hadamard matrix.
#include <ATen/core/grad_mode.h>
#include <gtest/gtest.h>

#include "core/model/passes.h"
#include "core/rotation/rotate_folder.h"
#include "tests/core/model/family_fixtures.h"
#include "tests/core/rotation/rotation_cases.h"
#include "tests/support/near.h"

namespace rolora {
namespace {

using test::settings_of;
using test::tensors_near;

const Compute kDouble{at::kDouble, at::kCPU};

class RotatedFamilies : public ::testing::TestWithParam<const char*> {
 protected:
  std::filesystem::path folder() const { return test::family_fixture(GetParam()); }
  at::Tensor ids() const {
    return at::tensor(read_json_file(folder() / "expected.json")["ids"].get<std::vector<int64_t>>(), at::kLong).unsqueeze(0);
  }
};

TEST_P(RotatedFamilies, EverySettingComputesTheSame) {
  const at::NoGradGuard no_grad;
  const auto plain = std::make_shared<const Checkpoint>(folder());
  const at::Tensor expected = ResidentModel(*plain, kDouble).logits(ids());
  for (const auto& [name, settings] : test::all_settings()) {
    const RotatedSource rotated(plain, make_rotation(*plain, plain->hash(), settings));
    EXPECT_TRUE(tensors_near(ResidentModel(rotated, kDouble).logits(ids()), expected, 1e-12)) << name;
  }
}

// Written, opened again and run step by step: the online rotations meet the cache and its window.
TEST_P(RotatedFamilies, AWrittenFolderPassesItsGateAndGeneratesTheSame) {
  const test::TempFolder out;
  SilentMonitor silent;
  RotateOptions options;
  options.rotation = settings_of(OrthogonalKind::hadamard, true, true, OrthogonalKind::hadamard, true);
  options.store = at::kFloat;
  options.texts = {test::ids_of(ids())};
  const RotateResult result = rotate_folder(folder(), out.path() / "rotated", options, silent);
  EXPECT_TRUE(result.gate.passed);
  EXPECT_LE(result.gate.relative_l2, 1e-5);
  EXPECT_EQ(result.gate.argmax_agreement, 1.0);
  const RotatedFolder rotated(out.path() / "rotated");
  const Checkpoint plain(folder());
  for (const FusedLinears& fused : plain.config().family->fused) {
    EXPECT_TRUE(rotated.checkpoint().store().has(layer_tensor(*plain.config().family, LayerIndex(1), fused.name) + ".weight"));
  }
  EXPECT_EQ(rotated.config().windows, plain.config().windows);
  EXPECT_EQ(rotated.config().rope.dims, plain.config().rope.dims);
  const Json numbers = read_json_file(folder() / "expected.json");
  GenerateOptions greedy;
  greedy.max_new = 40;
  greedy.ignore_eos = true;
  EXPECT_EQ(generate(ResidentModel(rotated, Compute{}), numbers["prompt"].get<std::vector<int64_t>>(), greedy, silent),
            numbers["greedy"].get<std::vector<int64_t>>());
}

INSTANTIATE_TEST_SUITE_P(Rotation, RotatedFamilies, ::testing::ValuesIn(test::kFamilyFixtures),
                         [](const auto& param_info) { return std::string(param_info.param); });

// Norm weights of the stream are ones in the folder; those of queries and keys keep their gains.
TEST(RotatedQwen3, NormsOfQueriesAndKeysStay) {
  const auto plain = std::make_shared<const Checkpoint>(test::family_fixture("qwen3"));
  const RotatedSource rotated(
      plain, make_rotation(*plain, plain->hash(), settings_of(OrthogonalKind::hadamard, true, true, OrthogonalKind::hadamard)));
  const LayerWeights x = plain->layer(LayerIndex(1), kDouble), y = rotated.layer(LayerIndex(1), kDouble);
  EXPECT_TRUE(at::equal(y.input_norm, at::ones_like(x.input_norm)));
  EXPECT_TRUE(at::equal(y.q_norm, x.q_norm));
  EXPECT_TRUE(at::equal(y.k_norm, x.k_norm));
  EXPECT_FALSE(at::equal(y.k_norm, at::ones_like(x.k_norm)));
}

// A rotated model whose key norm was folded away is found by name.
class LostKeyNorm final : public ModelSource {
 public:
  explicit LostKeyNorm(const RotatedSource& right) : right_(right) {}
  const ModelConfig& config() const override { return right_.config(); }
  LayerWeights layer(LayerIndex index, const Compute& compute) const override {
    LayerWeights weights = right_.layer(index, compute);
    weights.k_norm = at::ones_like(weights.k_norm);
    return weights;
  }
  at::Tensor embed(const at::Tensor& ids, const Compute& compute) const override { return right_.embed(ids, compute); }
  at::Tensor final_norm(const Compute& compute) const override { return right_.final_norm(compute); }
  at::Tensor head(const Compute& compute) const override { return right_.head(compute); }
  void attach(Listeners& listeners, const Compute& compute) const override { right_.attach(listeners, compute); }

 private:
  const RotatedSource& right_;
};

TEST(RotatedQwen3, ALostKeyNormIsNamed) {
  const auto plain = std::make_shared<const Checkpoint>(test::family_fixture("qwen3"));
  const RotatedSource right(
      plain, make_rotation(*plain, plain->hash(), settings_of(OrthogonalKind::hadamard, true, true, OrthogonalKind::hadamard)));
  SilentMonitor silent;
  const GateResult gate = equality_gate(*plain, LostKeyNorm(right), {gate_tokens(plain->config(), 1)}, Compute{}, {1e-5}, silent);
  EXPECT_FALSE(gate.passed);
  EXPECT_EQ(gate.cause, "gain: model.layers.0.self_attn.k_norm.weight is not what it was");
}

}  // namespace
}  // namespace rolora
