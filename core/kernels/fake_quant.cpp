// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/kernels/fake_quant.h"

#include <ATen/Functions.h>
#include <ATen/Parallel.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <torch/library.h>

#include <string>

#include "core/base/error.h"
#include "core/kernels/row_kernels.h"

namespace rolora::kernels {
namespace {

QuantizeRule rule_of(int64_t bits, bool symmetric, double clip, int64_t convention) {
  const double half = static_cast<double>(int64_t{1} << (bits - 1)), whole = 2 * half - 1;
  if (!symmetric) return {false, clip, whole, 0, whole};
  return {true, clip, convention == 0 ? half - 1 : whole / 2, -half, half - 1};
}

// One scale per `group` values of x, which is contiguous; y may be x.
template <class T>
void quantize_groups(const T* x, T* y, int64_t groups, int64_t group, const QuantizeRule& rule) {
  const RowKernels& kernels = row_kernels();
  const int64_t grain = std::max<int64_t>(1, 32768 / std::max<int64_t>(group, 1));
  at::parallel_for(0, groups, grain, [&](int64_t begin, int64_t end) {
    for (int64_t g = begin; g < end; ++g) {
      if constexpr (std::is_same_v<T, float>) {
        kernels.quantize_f32(x + g * group, y + g * group, group, rule);
      } else {
        kernels.quantize_f64(x + g * group, y + g * group, group, rule);
      }
    }
  });
}

at::Tensor fake_quantize_cpu(const at::Tensor& x, int64_t bits, int64_t group, bool symmetric, double clip, int64_t convention) {
  const int64_t width = group == 0 ? x.size(-1) : group;
  const QuantizeRule rule = rule_of(bits, symmetric, clip, convention);
  if (x.numel() == 0) return at::empty_like(x);
  if (x.scalar_type() == at::kDouble) {
    const at::Tensor in = x.contiguous();
    at::Tensor y = at::empty_like(in);
    quantize_groups(in.const_data_ptr<double>(), y.mutable_data_ptr<double>(), in.numel() / width, width, rule);
    return y;
  }
  if (x.scalar_type() == at::kFloat) {
    const at::Tensor in = x.contiguous();
    at::Tensor y = at::empty_like(in);
    quantize_groups(in.const_data_ptr<float>(), y.mutable_data_ptr<float>(), in.numel() / width, width, rule);
    return y;
  }
  at::Tensor wide = x.to(at::kFloat).contiguous();  // half types: arithmetic in fp32, stored once
  quantize_groups(wide.const_data_ptr<float>(), wide.mutable_data_ptr<float>(), wide.numel() / width, width, rule);
  return wide.to(x.scalar_type());
}

}  // namespace

at::Tensor fake_quantize(const at::Tensor& x, int64_t bits, int64_t group, bool symmetric, double clip, int64_t convention) {
  if (bits < 2 || bits > 8) throw Error("fake_quantize: bits: expected 2 to 8, found " + std::to_string(bits));
  if (!(clip > 0 && clip <= 1)) throw Error("fake_quantize: clip: expected a ratio in (0, 1], found " + std::to_string(clip));
  if (convention != 0 && convention != 1) throw Error("fake_quantize: convention: expected 0 or 1, found " + std::to_string(convention));
  if (x.dim() < 1 || !at::isFloatingType(x.scalar_type())) {
    throw Error("fake_quantize: tensor: expected a floating-point tensor with at least one dimension, found another");
  }
  if (group < 0 || (group > 0 && x.size(-1) % group != 0)) {
    throw Error("fake_quantize: group: expected a divisor of " + std::to_string(x.size(-1)) + ", found " + std::to_string(group));
  }
  static const auto op = c10::Dispatcher::singleton()
                             .findSchemaOrThrow("rolora::fake_quantize", "")
                             .typed<at::Tensor(const at::Tensor&, int64_t, int64_t, bool, double, int64_t)>();
  return op.call(x, bits, group, symmetric, clip, convention);
}

}  // namespace rolora::kernels

TORCH_LIBRARY_FRAGMENT(rolora, m) {
  m.def("fake_quantize(Tensor x, int bits, int group, bool symmetric, float clip, int convention) -> Tensor");
}
TORCH_LIBRARY_IMPL(rolora, CPU, m) { m.impl("fake_quantize", rolora::kernels::fake_quantize_cpu); }
