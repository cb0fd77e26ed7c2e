// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/rotation/hadamard.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "core/rotation/galois_field.h"
#include "core/rotation/williamson.h"

namespace rolora {
namespace {

// Exact integer K Kᵀ = k·I, by counting disagreements of packed sign rows.
bool is_hadamard(const std::vector<int8_t>& matrix, int64_t k) {
  if (static_cast<int64_t>(matrix.size()) != k * k) return false;
  const size_t n = static_cast<size_t>(k), words = (n + 63) / 64;
  std::vector<uint64_t> bits(n * words, 0);
  for (size_t i = 0; i < n; ++i) {
    for (size_t j = 0; j < n; ++j) {
      if (matrix[i * n + j] != 1 && matrix[i * n + j] != -1) return false;
      if (matrix[i * n + j] == 1) bits[i * words + j / 64] |= uint64_t{1} << (j % 64);
    }
  }
  for (size_t a = 0; a < n; ++a) {
    for (size_t b = 0; b < a; ++b) {
      int64_t differ = 0;
      for (size_t w = 0; w < words; ++w) differ += __builtin_popcountll(bits[a * words + w] ^ bits[b * words + w]);
      if (2 * differ != k) return false;
    }
  }
  return true;
}

TEST(HadamardConstruction, EveryListedFactorUpTo300IsAHadamardMatrix) {
  std::set<std::string> built;
  for (int64_t n = 1; n <= 300; ++n) {
    const auto constructions = hadamard_constructions(n);
    if (n > 2 && n % 4 != 0) {
      EXPECT_TRUE(constructions.empty()) << n;
    }
    for (const HadamardConstruction& c : constructions) {
      EXPECT_EQ(c.factor_order * c.sylvester, n) << c.name;
      const std::string factor = c.name.substr(0, c.name.find(" x Sylvester"));
      if (!built.insert(factor).second) continue;
      EXPECT_TRUE(is_hadamard(hadamard_factor(c), c.factor_order)) << c.name;
    }
  }
  EXPECT_GT(built.size(), 60U);
}

// The orders up to 300 that Paley, Williamson and Kronecker products reach here; the five others are not known to this program.
TEST(HadamardConstruction, KnowsTheOrdersItShould) {
  const std::set<int64_t> missing = {188, 236, 260, 268, 292};
  for (int64_t n = 4; n <= 300; n += 4) EXPECT_EQ(hadamard_constructions(n).empty(), missing.count(n) == 1) << n;
  EXPECT_FALSE(hadamard_constructions(1).empty());
  EXPECT_FALSE(hadamard_constructions(2).empty());
}

TEST(HadamardConstruction, WidthsOfRealModels) {
  const std::map<int64_t, std::string> cheapest = {{64, "Sylvester(64)"},
                                                   {128, "Sylvester(128)"},
                                                   {172, "Williamson(43)"},
                                                   {384, "PaleyI(11) x Sylvester(32)"},
                                                   {688, "Williamson(43) x Sylvester(4)"},
                                                   {4096, "Sylvester(4096)"},
                                                   {4864, "PaleyII(37) x Sylvester(64)"},
                                                   {5120, "PaleyI(19) x Sylvester(256)"},
                                                   {11008, "Williamson(43) x Sylvester(64)"},
                                                   {13824, "PaleyI(107) x Sylvester(128)"},
                                                   {14336, "PaleyI(3^3) x Sylvester(512)"},
                                                   {17408, "PaleyI(67) x Sylvester(256)"},
                                                   {18944, "PaleyII(73) x Sylvester(128)"},
                                                   {25600, "PaleyII(7^2) x Sylvester(256)"},
                                                   {29568, "PaleyII(461) x Sylvester(32)"}};
  for (const auto& [width, name] : cheapest) {
    const auto constructions = hadamard_constructions(width);
    ASSERT_FALSE(constructions.empty()) << width;
    EXPECT_EQ(constructions[0].name, name);
    EXPECT_TRUE(is_hadamard(hadamard_factor(constructions[0]), constructions[0].factor_order)) << name;
    for (size_t i = 1; i < constructions.size(); ++i) EXPECT_LE(constructions[i - 1].adds_per_row, constructions[i].adds_per_row);
  }
}

TEST(HadamardConstruction, TheLlama2WidthNeedsNoTable) {
  const auto constructions = hadamard_constructions(11008);
  const auto over_field = std::find_if(constructions.begin(), constructions.end(),
                                       [](const HadamardConstruction& c) { return c.name == "PaleyI(7^3) x Sylvester(32)"; });
  ASSERT_NE(over_field, constructions.end());
  EXPECT_EQ(over_field->adds_per_row, 344.0 * 11008 + 11008 * 5);
  EXPECT_EQ(over_field->factor_bytes, 344 * 344 * 4);
  EXPECT_TRUE(is_hadamard(hadamard_factor(*over_field), 344));
}

TEST(HadamardConstruction, KroneckerProductsOfTwoFactors) {
  const auto constructions = hadamard_constructions(3696);  // 44 · 84; no Paley or Williamson matrix of a smaller factor order but 924
  const auto product = std::find_if(constructions.begin(), constructions.end(),
                                    [](const HadamardConstruction& c) { return c.name == "PaleyI(43) x PaleyI(83)"; });
  ASSERT_NE(product, constructions.end());
  EXPECT_TRUE(is_hadamard(hadamard_factor(*product), 3696));
}

TEST(HadamardConstruction, SaysWhereItKnowsNone) {
  EXPECT_TRUE(hadamard_constructions(13696).empty());  // 107 · 128
  EXPECT_TRUE(hadamard_constructions(6).empty());
  EXPECT_TRUE(hadamard_constructions(0).empty());
  EXPECT_TRUE(hadamard_constructions(-4).empty());
}

// Definition of the reference numbers' H of order 12: I + S, S[0,1:] = 1, S[1:,0] = −1, S[1+i,1+j] = χ(j−i mod 11).
TEST(HadamardConstruction, PaleyOneFollowsItsDefinition) {
  const auto k = hadamard_factor(hadamard_constructions(384)[0]);
  const std::set<int> squares = {1, 3, 4, 5, 9};
  for (int i = 0; i < 12; ++i) {
    for (int j = 0; j < 12; ++j) {
      int expected = 1;
      if (i != j && i > 0) expected = j == 0 ? -1 : squares.count(((j - i) % 11 + 11) % 11) == 1 ? 1 : -1;
      EXPECT_EQ(k[static_cast<size_t>(12 * i + j)], expected) << i << ' ' << j;
    }
  }
}

// The reference numbers for stories260K hang on this very matrix (quantization.json, notes): the first the search finds.
TEST(Williamson, TheFirstSolutionForFortyThree) {
  const auto rows = williamson_rows(43);
  ASSERT_TRUE(rows);
  const char* expected[] = {"++++-++----+-++--++-+", "++---++--+-+-+-++----", "+-+-++++-+--+--+++--+", "-++-----++++-+-+++-++"};
  for (size_t r = 0; r < 4; ++r) {
    std::string signs;
    for (size_t i = 1; i <= 21; ++i) {
      signs += (*rows)[r][i] > 0 ? '+' : '-';
      EXPECT_EQ((*rows)[r][i], (*rows)[r][43 - i]);
    }
    EXPECT_EQ(signs, expected[r]);
  }
}

TEST(GaloisField, IsAField) {
  for (int64_t q : {7, 9, 27, 49, 125, 343}) {
    const GaloisField field(*prime_power(q));
    ASSERT_EQ(field.size(), q);
    for (int64_t a = 1; a < q; ++a) {  // multiplication by a ≠ 0 is a permutation that keeps 0 and differences
      std::set<int64_t> images;
      for (int64_t b = 0; b < q; ++b) images.insert(field.multiply(a, b));
      EXPECT_EQ(static_cast<int64_t>(images.size()), q) << q << ' ' << a;
      const int64_t b = (7 * a + 3) % q, c = (5 * a + 1) % q;
      EXPECT_EQ(field.multiply(a, field.subtract(b, c)), field.subtract(field.multiply(a, b), field.multiply(a, c)));
    }
  }
}

TEST(GaloisField, KnowsPrimePowers) {
  EXPECT_EQ(prime_power(343)->prime, 7);
  EXPECT_EQ(prime_power(343)->degree, 3);
  EXPECT_EQ(prime_power(461)->degree, 1);
  EXPECT_FALSE(prime_power(923));
  EXPECT_FALSE(prime_power(1));
  EXPECT_FALSE(prime_power(187));
}

}  // namespace
}  // namespace rolora
