// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/rotation/orthogonal.h"

#include <ATen/Functions.h>
#include <gtest/gtest.h>

#include "core/base/error.h"
#include "core/base/random.h"
#include "tests/support/near.h"

namespace rolora {
namespace {

using test::relative_l2;

at::Tensor gaussian(int64_t rows, int64_t columns) {
  Random random(2, "orthogonal test");
  at::Tensor x = at::empty({rows, columns}, at::kDouble);
  for (int64_t i = 0; i < x.numel(); ++i) x.mutable_data_ptr<double>()[i] = random.normal();
  return x;
}

double distance_from_identity(const at::Tensor& m) {
  return (m.matmul(m.t()) - at::eye(m.size(0), at::kDouble)).abs().max().item<double>();
}

struct Case {
  OrthogonalKind kind;
  int64_t order;
  bool signs;
  const char* construction;
};
const Case kCases[] = {{OrthogonalKind::hadamard, 1, true, "Sylvester(1)"},
                       {OrthogonalKind::hadamard, 2, true, "Sylvester(2)"},
                       {OrthogonalKind::hadamard, 128, true, "Sylvester(128)"},
                       {OrthogonalKind::hadamard, 172, false, "Williamson(43)"},
                       {OrthogonalKind::hadamard, 384, false, "PaleyI(11) x Sylvester(32)"},
                       {OrthogonalKind::hadamard, 688, true, "Williamson(43) x Sylvester(4)"},
                       {OrthogonalKind::hadamard, 856, true, "Haar(107) x Sylvester(8) [no construction here]"},
                       {OrthogonalKind::hadamard, 7, false, "Haar(7) [no construction here]"},
                       {OrthogonalKind::orthogonal, 64, false, "Haar(64)"},
                       {OrthogonalKind::orthogonal, 100, false, "Haar(100)"}};

TEST(Orthogonal, FastActionEqualsTheDenseMatrixAndIsOrthogonal) {
  for (const Case& c : kCases) {
    SCOPED_TRACE(c.construction);
    const OrthogonalMap map = make_orthogonal(c.kind, c.order, 5, "test", c.signs);
    EXPECT_EQ(map.construction, c.construction);
    // The definition: diag(signs) · (K ⊗ S) · scale.
    at::Tensor sylvester = at::ones({1, 1}, at::kDouble);
    const at::Tensor two = at::tensor({1.0, 1.0, 1.0, -1.0}, at::kDouble).view({2, 2});
    for (int64_t m = 1; m < map.sylvester; m *= 2) sylvester = at::kron(two, sylvester);
    const at::Tensor matrix = map.signs.to(at::kDouble).unsqueeze(1) * at::kron(map.factor, sylvester) * map.scale;
    const at::Tensor x = gaussian(3, c.order);
    EXPECT_LE(relative_l2(map.apply(x), x.matmul(matrix)), 1e-13);
    EXPECT_LE(relative_l2(map.apply_transposed(x), x.matmul(matrix.t())), 1e-13);
    EXPECT_LE(relative_l2(map.dense(), matrix), 1e-13);
    EXPECT_LE(distance_from_identity(matrix), 1e-13);
    EXPECT_LE(relative_l2(map.apply_transposed(map.apply(x)), x), 1e-13);
  }
}

TEST(Orthogonal, TheFallbackOfAWidthWithoutConstruction) {
  const OrthogonalMap map = make_orthogonal(OrthogonalKind::hadamard, 13696, 1, "r4", false);
  EXPECT_EQ(map.construction, "Haar(107) x Sylvester(128) [no construction here]");
  EXPECT_LE(distance_from_identity(map.factor), 1e-13);
  const at::Tensor x = gaussian(4, 13696);
  EXPECT_LE(relative_l2(map.apply(x).norm(2, 1), x.norm(2, 1)), 1e-13);
  EXPECT_LE(relative_l2(map.apply_transposed(map.apply(x)), x), 1e-13);
}

TEST(Orthogonal, SeedAndPurposeDecideEverything) {
  const auto checksum = [](OrthogonalKind kind, uint64_t seed, const char* purpose) {
    return make_orthogonal(kind, 64, seed, purpose, true).checksum;
  };
  for (OrthogonalKind kind : {OrthogonalKind::hadamard, OrthogonalKind::orthogonal}) {
    EXPECT_EQ(checksum(kind, 3, "r1"), checksum(kind, 3, "r1"));
    EXPECT_NE(checksum(kind, 3, "r1"), checksum(kind, 4, "r1"));
    EXPECT_NE(checksum(kind, 3, "r1"), checksum(kind, 3, "r2"));
  }
  EXPECT_EQ(make_orthogonal(OrthogonalKind::hadamard, 64, 3, "r4", false).checksum,
            make_orthogonal(OrthogonalKind::hadamard, 64, 4, "r4", false).checksum);  // nothing random in it
}

// Haar: the QR factor whose R has a positive diagonal; without the sign fix the determinant and first column would lean to one side.
TEST(Orthogonal, HaarFirstEntriesAreBalanced) {
  int positive = 0;
  double sum_of_squares = 0;
  for (uint64_t seed = 0; seed < 400; ++seed) {
    const double first = make_orthogonal(OrthogonalKind::orthogonal, 5, seed, "haar", false).factor[0][0].item<double>();
    positive += first > 0 ? 1 : 0;
    sum_of_squares += first * first;
  }
  EXPECT_NEAR(positive, 200, 50);                // 5 standard deviations
  EXPECT_NEAR(sum_of_squares / 400, 0.2, 0.06);  // E q² = 1/n
}

TEST(Orthogonal, RotatesRowsAndColumnsOfWeights) {
  const OrthogonalMap map = make_orthogonal(OrthogonalKind::hadamard, 48, 9, "test", true);
  const at::Tensor m = map.dense(), w = gaussian(48, 48).to(at::kFloat);
  EXPECT_LE(relative_l2(rotate_rows(w, map), w.to(at::kDouble).matmul(m)), 1e-13);
  EXPECT_LE(relative_l2(rotate_columns(w, map), m.t().matmul(w.to(at::kDouble))), 1e-13);
  const at::Tensor tall = gaussian(100000, 48);  // more than one piece
  EXPECT_LE(relative_l2(rotate_rows(tall, map), tall.matmul(m)), 1e-13);
  EXPECT_LE(relative_l2(rotate_columns(tall.t().contiguous(), map), m.t().matmul(tall.t())), 1e-13);
}

TEST(Orthogonal, NoneIsNothing) {
  const OrthogonalMap map = make_orthogonal(OrthogonalKind::none, 48, 9, "test", true);
  EXPECT_FALSE(map);
  EXPECT_FALSE(map.factor.defined());
}

// 40 = 5 runs of 8 channels, each turned by the sign of ⟨i, j⟩ over GF(2)³.
TEST(Orthogonal, BlocksOfSylvester) {
  const OrthogonalMap map = make_orthogonal(OrthogonalKind::blocks, 40, 3, "r4", false);
  EXPECT_EQ(map.construction, "5 blocks of Sylvester(8)");
  const at::Tensor found = map.dense();
  for (int64_t i = 0; i < 40; ++i) {
    for (int64_t j = 0; j < 40; ++j) {
      const double sign = __builtin_popcountll(static_cast<uint64_t>(i % 8 & j % 8)) % 2 == 0 ? 1 : -1;
      EXPECT_NEAR(found[i][j].item<double>(), i / 8 == j / 8 ? sign / std::sqrt(8.0) : 0, 1e-15) << i << " " << j;
    }
  }
  EXPECT_EQ(make_orthogonal(OrthogonalKind::blocks, 32, 3, "r4", false).construction, "Sylvester(32)");
  EXPECT_THROW(make_orthogonal(OrthogonalKind::blocks, 43, 3, "r4", false), InputError);
}

}  // namespace
}  // namespace rolora
