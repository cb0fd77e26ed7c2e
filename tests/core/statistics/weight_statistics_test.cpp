// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/statistics/weight_statistics.h"

#include <ATen/Parallel.h>
#include <gtest/gtest.h>
#include <torch/types.h>

#include <cfenv>

#include "core/base/error.h"
#include "tests/core/statistics/brute_force.h"
#include "tests/support/near.h"

namespace rolora {
namespace {

using test::Matrix;

// bf16 values, of which many lie exactly on half integers after the division; a row and a column of zeros; a constant row.
Matrix weights(int64_t rows, int64_t columns) {
  Random random(3, "weights");
  Matrix m{rows, columns, std::vector<float>(static_cast<size_t>(rows * columns))};
  for (int64_t r = 0; r < rows; ++r) {
    for (int64_t c = 0; c < columns; ++c) m.at(r, c) = static_cast<float>(random.below(257)) / 64 - 2;
    m.at(r, 0) = 3.5f;  // scale 0.5: every sixteenth of a quarter is a tie
    m.at(r, 5) = 0;
  }
  for (int64_t c = 0; c < columns; ++c) {
    m.at(1, c) = 0;
    m.at(2, c) = -0.25f;
    m.at(3, c) *= 100;
  }
  return m;
}

// Method §4 in scalar fp32, rounded by the library's half-even rint.
float rounded(float w, const std::vector<float>& row) {
  float largest = 1e-5f;
  for (const float v : row) largest = std::max(largest, std::fabs(v));
  const float scale = largest / 7.0f;
  return scale * std::clamp(std::rint(w / scale), -8.0f, 7.0f);
}

struct Errors {
  double error = 0, norm = 0;
  void add(float w, float rounded_w) {
    error += (static_cast<double>(rounded_w) - w) * (static_cast<double>(rounded_w) - w);
    norm += static_cast<double>(w) * w;
  }
  double relative() const { return norm > 0 ? std::sqrt(error / norm) : 0; }
};

void expect_line(const LineFigures& found, size_t i, const std::vector<float>& line, const Errors& errors) {
  const test::Expected expected = test::expected_of(line);
  EXPECT_EQ(found.absmax[i], expected.absmax);
  if (expected.std > 0) {
    EXPECT_TRUE(test::near_relative(found.kurtosis[i], expected.kurtosis, 1e-6));
  } else {
    EXPECT_TRUE(std::isnan(found.kurtosis[i]));
  }
  EXPECT_NEAR(found.rtn_error[i], errors.relative(), 1e-7 + 1e-6 * errors.relative());
}

TEST(WeightStatistics, AgreeWithTheDefinitionsForRowsAndColumns) {
  ASSERT_EQ(std::fegetround(), FE_TONEAREST);
  const Matrix m = weights(150, 131);
  const LinearStatistics found = weight_statistics("w", torch::tensor(m.values).view({m.rows, m.columns}));
  std::vector<Errors> columns(static_cast<size_t>(m.columns));
  Errors all;
  for (int64_t r = 0; r < m.rows; ++r) {
    const std::vector<float> row = m.row(r);
    Errors errors;
    for (int64_t c = 0; c < m.columns; ++c) {
      const float w = m.at(r, c), q = rounded(w, row);
      errors.add(w, q);
      columns[static_cast<size_t>(c)].add(w, q);
      all.add(w, q);
    }
    expect_line(found.row, static_cast<size_t>(r), row, errors);
  }
  for (int64_t c = 0; c < m.columns; ++c) expect_line(found.column, static_cast<size_t>(c), m.column(c), columns[static_cast<size_t>(c)]);
  EXPECT_TRUE(test::near_relative(found.rtn_mse, all.error / static_cast<double>(m.values.size()), 1e-12));
  EXPECT_TRUE(test::near_relative(found.rtn_relative_error, all.relative(), 1e-12));
  EXPECT_TRUE(test::near_relative(found.kurtosis, test::expected_of(m.values).kurtosis, 1e-11));
  EXPECT_EQ(found.absmax, 350.0);
}

TEST(WeightStatistics, DoNotDependOnThreadsOrTheStoredType) {
  const torch::Tensor w = torch::tensor(weights(150, 131).values).view({150, 131}).to(torch::kBFloat16);
  const int threads = at::get_num_threads();
  at::set_num_threads(1);
  const LinearStatistics one = weight_statistics("w", w);
  at::set_num_threads(3);
  const LinearStatistics three = weight_statistics("w", w.to(torch::kFloat));
  at::set_num_threads(threads);
  EXPECT_EQ(one.rtn_mse, three.rtn_mse);
  EXPECT_EQ(one.kurtosis, three.kurtosis);
  EXPECT_EQ(one.column.rtn_error, three.column.rtn_error);
  EXPECT_EQ(one.row.rtn_error, three.row.rtn_error);
}

TEST(WeightStatistics, RefuseWhatIsNotFinite) {
  torch::Tensor w = torch::ones({4, 8});
  w[2][3] = std::numeric_limits<float>::infinity();
  EXPECT_THROW(weight_statistics("model.layers.0.mlp.up_proj", w), NumericError);
}

}  // namespace
}  // namespace rolora
