// SPDX-License-Identifier: GPL-3.0-or-later
// AdamW against its formula written out with scalars, in fp64.
#include "core/finetune/adam_w.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "core/base/random.h"
#include "core/finetune/parameters.h"

namespace rolora {
namespace {

// One value's history under AdamW, straight from the paper's algorithm 2 with PyTorch's placement of ε and of the decay.
class Scalar {
 public:
  explicit Scalar(double start) : p(start) {}
  void step(double g, double rate, double decay) {
    ++t;
    p -= rate * decay * p;
    m = 0.9 * m + 0.1 * g;
    v = 0.999 * v + 0.001 * g * g;
    const double mean = m / (1 - std::pow(0.9, t)), spread = v / (1 - std::pow(0.999, t));
    p -= rate * mean / (std::sqrt(spread) + 1e-8);
  }
  double p;

 private:
  double m = 0, v = 0;
  int t = 0;
};

TEST(AdamW, FollowsTheFormulaAlsoThroughStepsOfRateZero) {
  for (const double decay : {0.0, 0.1}) {
    Random random(3, "adam");
    std::vector<Scalar> expected;
    at::Tensor p = at::empty({7}, at::kDouble);
    for (int i = 0; i < 7; ++i) {
      expected.emplace_back(random.normal());
      p.data_ptr<double>()[i] = expected.back().p;
    }
    AdamW optimizer(p, {.weight_decay = decay});
    for (int step = 0; step < 30; ++step) {
      const double rate = step % 5 == 0 ? 0.0 : 0.01 * step;
      at::Tensor g = at::empty({7}, at::kDouble);
      for (int i = 0; i < 7; ++i) {
        g.data_ptr<double>()[i] = std::pow(10.0, -i) * random.normal();
        expected[static_cast<size_t>(i)].step(g.data_ptr<double>()[i], rate, decay);
      }
      optimizer.step(g, rate);
      for (int i = 0; i < 7; ++i) {
        const double value = expected[static_cast<size_t>(i)].p;
        EXPECT_NEAR(p.data_ptr<double>()[i], value, 1e-13 * (1 + std::abs(value)))
            << "step " << step << " value " << i << " decay " << decay;
      }
    }
    EXPECT_EQ(optimizer.count(), 30);
  }
}

TEST(AdamW, GradientNormAndClipFactor) {
  EXPECT_NEAR(gradient_norm(at::tensor({3.0F, 4.0F})), 5.0, 1e-15);
  EXPECT_DOUBLE_EQ(clip_factor(0.5, 1.0), 1.0);
  EXPECT_DOUBLE_EQ(clip_factor(4.0, 1.0), 1.0 / (4.0 + 1e-6));
  EXPECT_DOUBLE_EQ(clip_factor(4.0, 0.0), 1.0);
  EXPECT_FALSE(std::isfinite(gradient_norm(at::tensor({1.0F, std::numeric_limits<float>::quiet_NaN()}))));
}

TEST(ParameterSet, LeavesShareTheBuffersAndGradientsAccumulate) {
  ParameterSet set({{"a", at::ones({3})}, {"b", at::full({2, 2}, 2.0)}}, at::kFloat, at::kCPU);
  EXPECT_EQ(set.count(), 7);
  for (int i = 0; i < 2; ++i) (set["a"].sum() * 2 + (set["b"] * set["b"]).sum()).backward();
  EXPECT_NEAR(gradient_norm(set.gradient()), std::sqrt(3 * 16.0 + 4 * 64.0), 1e-6);
  set.zero_gradient();
  (set["a"].sum()).backward();
  EXPECT_NEAR(gradient_norm(set.gradient()), std::sqrt(3.0), 1e-6);
  set.flat().mul_(3.0);
  EXPECT_TRUE(at::equal(set["a"].detach(), at::full({3}, 3.0F)));
  EXPECT_TRUE(at::equal(set["b"].detach(), at::full({2, 2}, 6.0F)));
  EXPECT_EQ(reinterpret_cast<uintptr_t>(set["b"].data_ptr()) % 64, 0U);
}

}  // namespace
}  // namespace rolora
