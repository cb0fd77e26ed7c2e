// SPDX-License-Identifier: GPL-3.0-or-later
// Central moments up to the fourth, exact in fp64 whatever the mean: every block is summed about its own mean and blocks are merged.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

namespace rolora {

/// Count, mean and the sums Σ(x − mean)^k, k = 2, 3, 4. Merging: Pébay, "Formulas for robust, one-pass parallel computation of
/// covariances and arbitrary-order statistical moments" (SAND2008-6212), eq. 2.1–3.1 for two sets.
struct Moments {
  int64_t count = 0;
  double mean = 0, m2 = 0, m3 = 0, m4 = 0;

  void merge(const Moments& other);
  /// With 1/n.
  double std() const;
  double rms() const;
  /// m4/m2² with m_k = Σ(x − mean)^k / n: biased, 3 for a Gaussian. NaN for a constant (m2 = 0) and for nothing.
  double kurtosis() const;
};

struct TensorMoments {
  Moments moments;
  double absmax = 0;
};

/// All elements of a tensor of any shape, floating type and device: for live signals (kurtosis and maximum while training).
/// Values are taken as fp32 and summed in fp64 over fixed blocks, so the result does not depend on the thread count.
/// Not finite values make every figure NaN or infinite; nothing is thrown.
TensorMoments tensor_moments(const at::Tensor& x);

}  // namespace rolora
