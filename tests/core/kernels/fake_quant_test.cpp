// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/kernels/fake_quant.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "core/base/error.h"
#include "core/base/random.h"
#include "tests/core/kernels/compare.h"

namespace rolora {
namespace {

using testing::same_values;

// The definition written down once more, one value at a time (method: quantization), in T.
template <class T>
std::vector<T> quantize_by_definition(const std::vector<T>& x, int bits, bool symmetric, double clip, int convention) {
  const T largest_code = static_cast<T>(std::pow(2, bits) - 1), ratio = static_cast<T>(clip);
  T low = 0, high = 0;
  for (T v : x) {
    low = std::min(low, v);
    high = std::max(high, v);
  }
  std::vector<T> y;
  if (symmetric) {
    const T half = static_cast<T>(std::pow(2, bits - 1));
    T scale = ratio * std::max(-low, high) / (convention == 0 ? half - 1 : largest_code / 2);
    if (scale == 0) scale = 1;
    for (T v : x) y.push_back(scale * std::clamp<T>(std::nearbyint(v / scale), -half, half - 1));
    return y;
  }
  low *= ratio;
  high *= ratio;
  if (low == 0 && high == 0) {
    low = -1;
    high = 1;
  }
  const T scale = (high - low) / largest_code, zero = std::nearbyint(-low / scale);
  for (T v : x) y.push_back(scale * (std::clamp<T>(std::nearbyint(v / scale) + zero, 0, largest_code) - zero));
  return y;
}

template <class T>
at::Tensor expected_of(const at::Tensor& x, int64_t group, int bits, bool symmetric, double clip, int convention) {
  at::Tensor y = at::empty_like(x);
  for (int64_t g = 0; g < x.numel() / group; ++g) {
    const T* from = x.const_data_ptr<T>() + g * group;
    const std::vector<T> q = quantize_by_definition(std::vector<T>(from, from + group), bits, symmetric, clip, convention);
    std::copy(q.begin(), q.end(), y.mutable_data_ptr<T>() + g * group);
  }
  return y;
}

// Rows of different size, one with an outlier, one of zeros, one of positive values, one of ties at 4 bits.
at::Tensor sample_rows(int64_t width) {
  at::Tensor x = at::empty({6, width}, at::kDouble);
  Random random(1, "fake quant");
  for (int64_t r = 0; r < 6; ++r) {
    for (int64_t c = 0; c < width; ++c) x[r][c] = random.normal() * std::pow(10.0, static_cast<double>(r - 2));
  }
  x[1][width / 2] = -80.0;
  x[2].zero_();
  x[3].abs_();
  for (int64_t c = 0; c < width; ++c) x[4][c] = static_cast<double>(c % 15 - 7) / 2;
  x[4][0] = 7.0;
  return x;
}

TEST(FakeQuantize, EqualsTheDefinitionBitForBit) {
  for (int64_t width : {32, 172, 384}) {
    const at::Tensor x64 = sample_rows(width), x32 = x64.to(at::kFloat);
    for (int bits = 2; bits <= 8; ++bits) {
      for (int64_t group : {int64_t{0}, int64_t{4}}) {
        for (double clip : {1.0, 0.9}) {
          for (int form : {0, 1, 2}) {  // symmetric by either convention, asymmetric
            SCOPED_TRACE(std::to_string(width) + " wide, " + std::to_string(bits) + " bits, group " + std::to_string(group) + ", clip " +
                         std::to_string(clip) + ", form " + std::to_string(form));
            const bool symmetric = form != 2;
            const int convention = form == 1 ? 1 : 0;
            const int64_t run = group == 0 ? width : group;
            EXPECT_TRUE(same_values(kernels::fake_quantize(x32, bits, group, symmetric, clip, convention),
                                    expected_of<float>(x32, run, bits, symmetric, clip, convention)));
            EXPECT_TRUE(same_values(kernels::fake_quantize(x64, bits, group, symmetric, clip, convention),
                                    expected_of<double>(x64, run, bits, symmetric, clip, convention)));
          }
        }
      }
    }
  }
}

TEST(FakeQuantize, RoundsTiesToEven) {
  const at::Tensor x = at::tensor({7.0F, 0.5F, 1.5F, 2.5F, -0.5F, -1.5F, -2.5F, 6.5F});
  const at::Tensor expected = at::tensor({7.0F, 0.0F, 2.0F, 2.0F, 0.0F, -2.0F, -2.0F, 6.0F});
  EXPECT_TRUE(same_values(kernels::fake_quantize(x, 4, 0, true, 1, 0), expected));
}

TEST(FakeQuantize, ConventionsDifferByTheirDivisor) {
  const at::Tensor x = at::tensor({7.5F, -7.5F, 1.0F});
  EXPECT_TRUE(
      same_values(kernels::fake_quantize(x, 4, 0, true, 1, 1), at::tensor({7.0F, -8.0F, 1.0F})));  // scale 1; 7.5 rounds to 8, clamped
  EXPECT_FLOAT_EQ(kernels::fake_quantize(x, 4, 0, true, 1, 0)[0].item<float>(), 7.5F);             // scale 7.5/7
}

TEST(FakeQuantize, HalfTypesComputeInSinglePrecisionAndStoreOnce) {
  const at::Tensor x = sample_rows(172);
  for (at::ScalarType type : {at::kBFloat16, at::kHalf}) {
    const at::Tensor low = x.to(type);
    EXPECT_TRUE(
        same_values(kernels::fake_quantize(low, 4, 0, true, 1, 0), expected_of<float>(low.to(at::kFloat), 172, 4, true, 1, 0).to(type)));
  }
}

TEST(FakeQuantize, TakesAnyLayout) {
  const at::Tensor x = sample_rows(24).to(at::kFloat);
  const at::Tensor turned = x.t().contiguous().t();
  EXPECT_TRUE(same_values(kernels::fake_quantize(turned, 4, 0, true, 1, 0), kernels::fake_quantize(x, 4, 0, true, 1, 0)));
  EXPECT_EQ(kernels::fake_quantize(at::empty({0, 8}), 4, 0, true, 1, 0).numel(), 0);
}

TEST(FakeQuantize, ANotANumberStaysVisible) {
  at::Tensor x = sample_rows(32).to(at::kFloat);
  x[0][3] = std::nanf("");
  EXPECT_TRUE(at::isnan(kernels::fake_quantize(x, 4, 0, true, 1, 0)[0][3]).item<bool>());
}

TEST(FakeQuantize, RefusesImpossibleSettings) {
  const at::Tensor x = at::ones({2, 172});
  EXPECT_THROW(kernels::fake_quantize(x, 1, 0, true, 1, 0), Error);
  EXPECT_THROW(kernels::fake_quantize(x, 16, 0, true, 1, 0), Error);
  EXPECT_THROW(kernels::fake_quantize(x, 4, 32, true, 1, 0), Error);
  EXPECT_THROW(kernels::fake_quantize(x, 4, 0, true, 0, 0), Error);
  EXPECT_THROW(kernels::fake_quantize(x, 4, 0, true, 1.5, 0), Error);
  EXPECT_THROW(kernels::fake_quantize(x, 4, 0, true, 1, 2), Error);
}

}  // namespace
}  // namespace rolora
