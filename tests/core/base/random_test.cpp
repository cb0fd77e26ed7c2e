// SPDX-License-Identifier: GPL-3.0-or-later
// Expected numbers: random_numbers.py beside this file, an own computation in whole numbers.
#include "core/base/random.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <numeric>
#include <random>
#include <vector>

#include "core/base/error.h"

namespace rolora {
namespace {

constexpr const char* kPurpose = "rotation r1";

TEST(Random, EngineIsTheStandardsMersenneTwister) {
  std::mt19937_64 engine;
  engine.discard(9999);
  EXPECT_EQ(engine(), 9981545732273789042u);  // C++ standard, [rand.predef]
}

struct Stream {
  uint64_t seed;
  const char* purpose;
  std::array<uint64_t, 3> bits;
};

TEST(Random, StreamsAreFixedBySeedAndPurpose) {
  const std::array<Stream, 3> streams = {{
      {0, "", {17403540511466464842u, 15805837874526360920u, 15545945588046429943u}},
      {7, kPurpose, {14945191708380847158u, 14767201597196690006u, 5290277306447001513u}},
      {UINT64_MAX, "shuffle", {1813825811463315334u, 13553900080285870972u, 10689213892085712931u}},
  }};
  for (const Stream& stream : streams) {
    Random random(stream.seed, stream.purpose);
    for (const uint64_t expected : stream.bits) EXPECT_EQ(random.bits(), expected) << stream.seed << " " << stream.purpose;
  }
}

TEST(Random, DerivedNumbersAreFixedToo) {
  Random u(7, kPurpose), n(7, kPurpose), b(7, kPurpose), s(7, kPurpose);
  for (const double expected : {0.810180465921943, 0.8005316026606031, 0.28678650743503}) EXPECT_DOUBLE_EQ(u.uniform(), expected);
  for (const double expected : {0.5691288210629649, -1.7318935714105848, -0.21593831693649856, -0.7932966613626611}) {
    EXPECT_NEAR(n.normal(), expected, 1e-14);  // the C library's log, sin and cos may differ in the last bit
  }
  for (const uint64_t expected : {8, 6, 3, 7, 6, 5, 0, 7, 3, 9, 1, 3}) EXPECT_EQ(b.below(10), expected);
  for (const int expected : {-1, -1, 1, -1, 1, -1, -1, 1, -1, 1, -1, 1}) EXPECT_EQ(s.sign(), expected);
  EXPECT_EQ(Random(7, kPurpose).permutation(12), (std::vector<int64_t>{7, 9, 8, 11, 10, 0, 1, 4, 5, 3, 2, 6}));
}

TEST(Random, NeighbouringSeedsAndPurposesShareNothing) {
  std::vector<uint64_t> first;
  for (uint64_t seed = 0; seed < 100; ++seed) {
    for (const char* purpose : {"a", "b", "ab", ""}) first.push_back(Random(seed, purpose).bits());
  }
  std::sort(first.begin(), first.end());
  EXPECT_EQ(std::adjacent_find(first.begin(), first.end()), first.end());
}

// Bounds are five standard errors of the mean of N draws; the seed is fixed, so the test is too.
TEST(Random, UniformHasTheMomentsOfTheUnitInterval) {
  constexpr int kDraws = 200'000;
  Random random(1, "uniform");
  double sum = 0, squares = 0, least = 1, most = 0;
  for (int i = 0; i < kDraws; ++i) {
    const double x = random.uniform();
    ASSERT_TRUE(x >= 0 && x < 1);
    sum += x;
    squares += x * x;
    least = std::min(least, x);
    most = std::max(most, x);
  }
  EXPECT_NEAR(sum / kDraws, 0.5, 5 * std::sqrt(1.0 / 12 / kDraws));
  EXPECT_NEAR(squares / kDraws, 1.0 / 3, 5 * std::sqrt(4.0 / 45 / kDraws));
  EXPECT_LT(least, 1e-4);
  EXPECT_GT(most, 1 - 1e-4);
}

TEST(Random, NormalHasTheMomentsOfAGaussian) {
  constexpr int kDraws = 200'000;
  Random random(1, "normal");
  double sum = 0, squares = 0, fourth = 0, neighbours = 0, before = 0;
  for (int i = 0; i < kDraws; ++i) {
    const double x = random.normal();
    sum += x;
    squares += x * x;
    fourth += x * x * x * x;
    neighbours += x * before;
    before = x;
  }
  EXPECT_NEAR(sum / kDraws, 0, 5 / std::sqrt(kDraws));
  EXPECT_NEAR(squares / kDraws, 1, 5 * std::sqrt(2.0 / kDraws));
  EXPECT_NEAR(fourth / kDraws, 3, 5 * std::sqrt(96.0 / kDraws));
  EXPECT_NEAR(neighbours / kDraws, 0, 5 / std::sqrt(kDraws)) << "the two numbers of one draw must not hang together";
}

TEST(Random, BelowIsEvenWhereAModuloWouldNotBe) {
  // Two thirds of 2^64: the remainder of 64 random bits would fall below half of it with probability 2/3.
  constexpr uint64_t kN = UINT64_MAX / 3 * 2;
  constexpr int kDraws = 100'000;
  Random random(3, "below");
  int low = 0;
  for (int i = 0; i < kDraws; ++i) {
    const uint64_t x = random.below(kN);
    ASSERT_LT(x, kN);
    low += x < kN / 2 ? 1 : 0;
  }
  EXPECT_NEAR(low / static_cast<double>(kDraws), 0.5, 5 * 0.5 / std::sqrt(kDraws));
  EXPECT_EQ(random.below(1), 0u);
  EXPECT_THROW(random.below(0), Error);
}

TEST(Random, SignsAreEven) {
  constexpr int kDraws = 100'000;
  Random random(3, "sign");
  int sum = 0;
  for (int i = 0; i < kDraws; ++i) sum += random.sign();
  EXPECT_NEAR(sum / static_cast<double>(kDraws), 0, 5 / std::sqrt(kDraws));
}

TEST(Random, PermutationsHoldEverythingOnceAndFavourNothing) {
  Random random(5, "permutation");
  std::vector<int64_t> sorted = random.permutation(1000), all(1000);
  std::sort(sorted.begin(), sorted.end());
  std::iota(all.begin(), all.end(), 0);
  EXPECT_EQ(sorted, all);
  // Every thing at every place equally often: 5 standard errors of a count of Bernoulli(1/4).
  constexpr int kDraws = 40'000;
  std::array<std::array<int, 4>, 4> counts{};
  for (int i = 0; i < kDraws; ++i) {
    const std::vector<int64_t> p = random.permutation(4);
    for (size_t place = 0; place < 4; ++place) ++counts[place][static_cast<size_t>(p[place])];
  }
  for (const auto& row : counts) {
    for (const int count : row) EXPECT_NEAR(count, kDraws / 4.0, 5 * std::sqrt(kDraws * 3.0 / 16));
  }
  EXPECT_TRUE(random.permutation(0).empty());
  EXPECT_EQ(random.permutation(1), std::vector<int64_t>{0});
  EXPECT_THROW(random.permutation(-1), Error);
}

}  // namespace
}  // namespace rolora
