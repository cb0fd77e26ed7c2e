// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/statistics/moments.h"

#include <ATen/Parallel.h>
#include <torch/types.h>

#include <bit>
#include <cmath>
#include <limits>
#include <vector>

#include "core/statistics/row_figures.h"

namespace rolora {

void Moments::merge(const Moments& other) {
  if (other.count == 0) return;
  if (count == 0) {
    *this = other;
    return;
  }
  const double na = static_cast<double>(count), nb = static_cast<double>(other.count), n = na + nb;
  const double delta = other.mean - mean, step = delta / n;
  m4 += other.m4 + delta * step * step * step * na * nb * (na * na - na * nb + nb * nb) +
        6 * step * step * (na * na * other.m2 + nb * nb * m2) + 4 * step * (na * other.m3 - nb * m3);
  m3 += other.m3 + delta * step * step * na * nb * (na - nb) + 3 * step * (na * other.m2 - nb * m2);
  m2 += other.m2 + delta * step * na * nb;
  mean += step * nb;
  count += other.count;
}

double Moments::std() const { return count == 0 ? std::numeric_limits<double>::quiet_NaN() : std::sqrt(m2 / static_cast<double>(count)); }

double Moments::rms() const {
  return count == 0 ? std::numeric_limits<double>::quiet_NaN() : std::sqrt(mean * mean + m2 / static_cast<double>(count));
}

double Moments::kurtosis() const {
  if (!(m2 > 0)) return std::numeric_limits<double>::quiet_NaN();
  return static_cast<double>(count) * m4 / (m2 * m2);
}

TensorMoments tensor_moments(const at::Tensor& x) {
  constexpr int64_t kBlock = 1 << 15;
  const at::Tensor values = x.detach().to(at::kCPU, at::kFloat).contiguous();
  const float* data = values.const_data_ptr<float>();
  const int64_t n = values.numel(), blocks = (n + kBlock - 1) / kBlock;
  std::vector<RowFigures> parts(static_cast<size_t>(blocks));
  at::parallel_for(0, blocks, 1, [&](int64_t begin, int64_t end) {
    for (int64_t b = begin; b < end; ++b) {
      parts[static_cast<size_t>(b)] = row_figures(data + b * kBlock, std::min(kBlock, n - b * kBlock));
    }
  });
  TensorMoments all;
  int32_t largest = 0;
  for (const RowFigures& part : parts) {
    all.moments.merge(part.moments);
    largest = std::max(largest, part.absmax_bits);
  }
  all.absmax = std::bit_cast<float>(largest);
  return all;
}

}  // namespace rolora
