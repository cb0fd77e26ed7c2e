// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/quantization/hessian.h"

#include <ATen/ops/mm.h>
#include <ATen/ops/zeros.h>

#include <algorithm>
#include <utility>

namespace rolora {
namespace {
constexpr int64_t kNarrow = 1024;       // up to here fp64 products cost little
constexpr int64_t kChunkTokens = 4096;  // method §7
}  // namespace

HessianSum::HessianSum(int64_t width, const at::Device& device)
    : sum_(at::zeros({width, width}, at::TensorOptions().dtype(at::kDouble).device(device))) {}

void HessianSum::add(const at::Tensor& x) {
  const int64_t width = sum_.size(0);
  const at::Tensor rows = x.reshape({-1, width});
  const bool exact = width <= kNarrow || x.scalar_type() == at::kDouble;
  for (int64_t first = 0; first < rows.size(0); first += kChunkTokens) {
    const at::Tensor chunk = rows.narrow(0, first, std::min(kChunkTokens, rows.size(0) - first)).to(exact ? at::kDouble : at::kFloat);
    if (exact) {
      sum_.addmm_(chunk.t(), chunk);
    } else {
      sum_.add_(at::mm(chunk.t(), chunk));
    }
  }
}

at::Tensor HessianSum::finish(int64_t windows) {
  sum_.mul_(2.0 / static_cast<double>(windows));
  return std::exchange(sum_, at::Tensor());
}

}  // namespace rolora
