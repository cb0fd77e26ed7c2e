// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/quantization/weights.h"

#include <ATen/Parallel.h>

#include "core/base/error.h"
#include "core/quantization/clip_search.h"

namespace rolora {
namespace {

at::Tensor on_cpu_fp32(const at::Tensor& w) { return w.detach().to(at::TensorOptions().dtype(at::kFloat).device(at::kCPU)).contiguous(); }

// Rows handed to one thread at a time: enough work to pay for it, whatever the width.
int64_t rows_per_task(int64_t width) { return std::max<int64_t>(1, 65536 / std::max<int64_t>(width, 1)); }

// Scale of each run of one row; `padded` is scratch for the search.
void scales_of_row(const float* row, int64_t groups, int64_t length, const WeightQuant& how, const IntegerGrid& grid,
                   std::vector<float>& padded, float* scales, float* zeros) {
  for (int64_t g = 0; g < groups; ++g) {
    const float* run = row + g * length;
    float low = 0, high = 0;
    range_of(run, length, low, high);
    ScaleAndZero found;
    if (how.clip_search) {
      std::copy(run, run + length, padded.begin());
      found = search_clip(padded.data(), static_cast<int64_t>(padded.size()), low, high, how.symmetric, grid);
    } else {
      found = scale_of_range(low, high, 1.0f, how.symmetric, grid);
    }
    scales[g] = found.scale;
    if (zeros != nullptr) zeros[g] = found.zero;
  }
}

template <class Integer>
void round_row(const float* row, int64_t groups, int64_t length, const float* scales, const float* zeros, const IntegerGrid& grid,
               std::vector<float>& rounded, Integer* out) {
  for (int64_t g = 0; g < groups; ++g) {
    const ScaleAndZero at{scales[g], zeros != nullptr ? zeros[g] : 0.0f};
    nearest_all(row + g * length, length, at, grid, rounded.data());
    for (int64_t i = 0; i < length; ++i) out[g * length + i] = static_cast<Integer>(rounded[static_cast<size_t>(i)] + at.zero);
  }
}

}  // namespace

int64_t effective_group(int64_t width, int64_t group) { return group > 0 && group < width && width % group == 0 ? group : 0; }

ScalesAndZeros find_scales(const at::Tensor& weight, const WeightQuant& how) {
  const at::Tensor w = on_cpu_fp32(weight);
  const int64_t rows = w.size(0), width = w.size(1);
  const int64_t group = effective_group(width, how.group), length = group == 0 ? width : group, groups = width / length;
  const IntegerGrid grid = integer_grid(how.bits, how.symmetric, how.convention);
  ScalesAndZeros found{at::empty({rows, groups}, at::kFloat), {}};
  if (!how.symmetric) found.zeros = at::empty({rows, groups}, at::kFloat);
  const float* in = w.const_data_ptr<float>();
  float* scales = found.scales.mutable_data_ptr<float>();
  float* zeros = how.symmetric ? nullptr : found.zeros.mutable_data_ptr<float>();
  at::parallel_for(0, rows, rows_per_task(width), [&](int64_t begin, int64_t end) {
    std::vector<float> padded(static_cast<size_t>((length + kClipLanes - 1) / kClipLanes * kClipLanes), 0.0f);
    for (int64_t r = begin; r < end; ++r) {
      scales_of_row(in + r * width, groups, length, how, grid, padded, scales + r * groups,
                    zeros == nullptr ? nullptr : zeros + r * groups);
    }
  });
  return found;
}

QuantizedWeight make_quantized(int64_t rows, int64_t width, const ScalesAndZeros& found, const WeightQuant& how) {
  QuantizedWeight q;
  q.integers = at::empty({rows, width}, how.symmetric ? at::kChar : at::kByte);
  q.scales = found.scales;
  if (!how.symmetric) q.zeros = found.zeros.to(at::kByte);
  q.bits = how.bits;
  q.group = effective_group(width, how.group);
  q.symmetric = how.symmetric;
  return q;
}

QuantizedWeight quantize_rtn(const at::Tensor& weight, const WeightQuant& how) {
  const at::Tensor w = on_cpu_fp32(weight);
  return round_to_grid(w, find_scales(w, how), how);
}

QuantizedWeight round_to_grid(const at::Tensor& weight, const ScalesAndZeros& found, const WeightQuant& how) {
  const at::Tensor w = on_cpu_fp32(weight);
  const int64_t rows = w.size(0), width = w.size(1), groups = found.scales.size(1), length = width / groups;
  QuantizedWeight q = make_quantized(rows, width, found, how);
  const IntegerGrid grid = integer_grid(how.bits, how.symmetric, how.convention);
  const float* in = w.const_data_ptr<float>();
  const float* scales = found.scales.const_data_ptr<float>();
  const float* zeros = how.symmetric ? nullptr : found.zeros.const_data_ptr<float>();
  at::parallel_for(0, rows, rows_per_task(width), [&](int64_t begin, int64_t end) {
    std::vector<float> rounded(static_cast<size_t>(length));
    for (int64_t r = begin; r < end; ++r) {
      const float* row = in + r * width;
      if (how.symmetric) {
        round_row(row, groups, length, scales + r * groups, zeros, grid, rounded, q.integers.mutable_data_ptr<int8_t>() + r * width);
      } else {
        round_row(row, groups, length, scales + r * groups, zeros + r * groups, grid, rounded,
                  q.integers.mutable_data_ptr<uint8_t>() + r * width);
      }
    }
  });
  return q;
}

at::Tensor dequantize(const QuantizedWeight& q) {
  const int64_t rows = q.integers.size(0), width = q.integers.size(1), groups = q.scales.size(1);
  at::Tensor w = q.integers.to(at::kFloat);
  at::Tensor runs = w.view({rows, groups, width / groups});
  if (!q.symmetric) runs.sub_(q.zeros.to(at::kFloat).unsqueeze(-1));
  runs.mul_(q.scales.unsqueeze(-1));
  return w;
}

}  // namespace rolora
