// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/quantization/errors.h"

#include <gtest/gtest.h>

#include "tests/support/near.h"
#include "tests/support/random_model.h"

namespace rolora {
namespace {

at::Tensor gaussian(const std::vector<int64_t>& shape, uint64_t seed) {
  Random random(seed, "errors test");
  at::Tensor x = at::empty(shape, at::kFloat);
  for (int64_t i = 0; i < x.numel(); ++i) x.mutable_data_ptr<float>()[i] = static_cast<float>(random.normal());
  return x;
}

double frobenius(const at::Tensor& x) { return x.to(at::kDouble).norm().item<double>(); }

TEST(Errors, OfWeights) {
  const at::Tensor w = gaussian({600, 20}, 1), q = w + 0.01 * gaussian({600, 20}, 2);
  const WeightError error = weight_error(w, q);
  const double distance = frobenius(q.to(at::kDouble) - w.to(at::kDouble));
  EXPECT_TRUE(test::near_relative(error.mse, distance * distance / 12000, 1e-12));
  EXPECT_TRUE(test::near_relative(error.relative, distance / frobenius(w), 1e-12));
  EXPECT_EQ(weight_error(at::zeros({2, 2}), at::zeros({2, 2})).relative, 0);
}

TEST(Errors, OfOutputs) {
  const at::Tensor w = gaussian({10, 20}, 3), dw = 0.05 * gaussian({10, 20}, 4), x = gaussian({30, 20}, 5),
                   dx = 0.02 * gaussian({30, 20}, 6);
  const at::Tensor bias = gaussian({10}, 7);
  OutputErrorSums sums(w, dw, bias);
  sums.add(x.narrow(0, 0, 13), dx.narrow(0, 0, 13));
  sums.add(x.narrow(0, 13, 17), dx.narrow(0, 13, 17));
  LinearReport report;
  sums.finish(report);
  const auto out = [&](const at::Tensor& a, const at::Tensor& b) {
    return at::mm(a.to(at::kDouble), b.to(at::kDouble).t()) + bias.to(at::kDouble);
  };
  const at::Tensor y = out(x, w);
  const auto relative = [&](const at::Tensor& other) { return frobenius(other - y) / frobenius(y); };
  const double both = relative(out(x.to(at::kDouble) + dx, w.to(at::kDouble) + dw));
  EXPECT_TRUE(test::near_relative(report.output_error_weights.value(), relative(out(x, w.to(at::kDouble) + dw)), 1e-6));
  EXPECT_TRUE(test::near_relative(report.output_error_activations.value(), relative(out(x.to(at::kDouble) + dx, w)), 1e-6));
  EXPECT_TRUE(test::near_relative(report.output_error_both.value(), both, 1e-6));
  EXPECT_TRUE(test::near_relative(report.sqnr_db.value(), -20 * std::log10(both), 1e-6));
}

TEST(Errors, AreZeroAndWithoutSqnrWhereNothingChanges) {
  OutputErrorSums sums(gaussian({4, 5}, 1), {}, {});
  sums.add(gaussian({6, 5}, 2), {});
  LinearReport report;
  sums.finish(report);
  EXPECT_EQ(report.output_error_both.value(), 0);
  EXPECT_FALSE(report.sqnr_db.has_value());
  EXPECT_TRUE(report_json(report)["sqnr_db"].is_null());
}

}  // namespace
}  // namespace rolora
