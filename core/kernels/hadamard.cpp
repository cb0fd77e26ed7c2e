// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/kernels/hadamard.h"

#include <ATen/Functions.h>
#include <ATen/Parallel.h>
#include <ATen/core/LegacyTypeDispatch.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/library.h>

#include <algorithm>
#include <string>

#include "core/base/error.h"
#include "core/kernels/row_kernels.h"

namespace rolora::kernels {
namespace {

constexpr int64_t kChunkValues = int64_t{1} << 18;  // rows go through the dense stage in chunks that stay in the cache

void hadamard_runs(float* x, int64_t count, int64_t m) { row_kernels().hadamard_f32(x, count, m); }
void hadamard_runs(double* x, int64_t count, int64_t m) { row_kernels().hadamard_f64(x, count, m); }

int64_t grain_of(int64_t n) { return std::max<int64_t>(1, 16384 / n); }

// K = 1: x [rows, n] → y = x S_n scale. Scaling comes first, so no intermediate exceeds the row's L2 norm.
template <class T>
void sylvester_rows(const T* x, T* y, int64_t rows, int64_t n, T scale) {
  at::parallel_for(0, rows, grain_of(n), [&](int64_t begin, int64_t end) {
    for (int64_t r = begin; r < end; ++r) {
      const T* from = x + r * n;
      T* to = y + r * n;
      for (int64_t i = 0; i < n; ++i) to[i] = from[i] * scale;
      hadamard_runs(to, n, n);
    }
  });
}

// to [b, a] = from [a, b]ᵀ · scale
template <class T>
void transpose_scaled(const T* from, T* to, int64_t a, int64_t b, T scale) {
  constexpr int64_t tile = 16;
  for (int64_t i0 = 0; i0 < a; i0 += tile) {
    for (int64_t j0 = 0; j0 < b; j0 += tile) {
      const int64_t i1 = std::min(i0 + tile, a), j1 = std::min(j0 + tile, b);
      for (int64_t j = j0; j < j1; ++j) {
        for (int64_t i = i0; i < i1; ++i) to[j * a + i] = from[i * b + j] * scale;
      }
    }
  }
}

// K > 1, some rows: the dense stage as one product [rows·m, K] × [K, K], then the Sylvester stage row by row.
template <class T>
void kronecker_chunk(const T* x, T* y, int64_t rows, const at::Tensor& factor, int64_t m, T scale) {
  const int64_t k = factor.size(0), n = k * m;
  at::Tensor turned = at::empty({rows * m, k}, factor.options());
  T* in = turned.mutable_data_ptr<T>();
  for (int64_t r = 0; r < rows; ++r) transpose_scaled(x + r * n, in + r * n, k, m, scale);
  const at::Tensor product = at::mm(turned, factor);
  const T* dense = product.const_data_ptr<T>();
  for (int64_t r = 0; r < rows; ++r) transpose_scaled(dense + r * n, y + r * n, m, k, T(1));
  hadamard_runs(y, rows * n, m);
}

// Each thread takes chunks of rows through both stages; products inside a chunk run on one thread.
template <class T>
void kronecker_rows(const T* x, T* y, int64_t rows, const at::Tensor& factor, int64_t m, T scale) {
  const int64_t n = factor.size(0) * m, threads = at::get_num_threads();
  const int64_t chunk = std::clamp<int64_t>((rows + threads - 1) / threads, 1, std::max<int64_t>(1, kChunkValues / n));
  at::parallel_for(0, (rows + chunk - 1) / chunk, 1, [&](int64_t begin, int64_t end) {
    for (int64_t c = begin; c < end; ++c) {
      const int64_t first = c * chunk;
      kronecker_chunk(x + first * n, y + first * n, std::min(chunk, rows - first), factor, m, scale);
    }
  });
}

template <class T>
void transform(const at::Tensor& x, const at::Tensor& y, const at::Tensor& factor, int64_t m, double scale) {
  const int64_t n = factor.size(0) * m, rows = x.numel() / n;
  const T* from = x.const_data_ptr<T>();
  T* to = y.mutable_data_ptr<T>();
  if (factor.size(0) == 1) {
    sylvester_rows<T>(from, to, rows, n, static_cast<T>(scale * factor.item<double>()));
  } else {
    kronecker_rows<T>(from, to, rows, factor, m, static_cast<T>(scale));
  }
}

at::Tensor kronecker_hadamard_cpu(const at::Tensor& x, const at::Tensor& factor, int64_t m, double scale, bool transpose_factor) {
  if (x.numel() == 0) return at::empty_like(x, at::MemoryFormat::Contiguous);
  const at::ScalarType type = x.scalar_type() == at::kDouble ? at::kDouble : at::kFloat;
  const at::Tensor dense = (transpose_factor ? factor.t() : factor).to(x.device(), type).contiguous();
  const at::Tensor in = x.to(type).contiguous();
  at::Tensor y = at::empty_like(in);
  if (type == at::kDouble) {
    transform<double>(in, y, dense, m, scale);
  } else {
    transform<float>(in, y, dense, m, scale);
  }
  return y.to(x.scalar_type());
}

at::Tensor dispatch(const at::Tensor& x, const at::Tensor& factor, int64_t m, double scale, bool transpose_factor) {
  static const auto op = c10::Dispatcher::singleton()
                             .findSchemaOrThrow("rolora::kronecker_hadamard", "")
                             .typed<at::Tensor(const at::Tensor&, const at::Tensor&, int64_t, double, bool)>();
  return op.call(x, factor, m, scale, transpose_factor);
}

// y = x M, so the gradient of x is that of y times Mᵀ. The Sylvester part is symmetric: transposing K is enough.
class KroneckerHadamard : public torch::autograd::Function<KroneckerHadamard> {
 public:
  static at::Tensor forward(torch::autograd::AutogradContext* context, const at::Tensor& x, const at::Tensor& factor, int64_t m,
                            double scale, bool transpose_factor) {
    context->save_for_backward({factor});
    context->saved_data["m"] = m;
    context->saved_data["scale"] = scale;
    context->saved_data["transpose"] = transpose_factor;
    const at::AutoDispatchBelowADInplaceOrView below;
    return dispatch(x, factor, m, scale, transpose_factor);
  }
  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context, torch::autograd::variable_list gradients) {
    const at::Tensor factor = context->get_saved_variables()[0];
    return {dispatch(gradients[0], factor, context->saved_data["m"].toInt(), context->saved_data["scale"].toDouble(),
                     !context->saved_data["transpose"].toBool()),
            {},
            {},
            {},
            {}};
  }
};

at::Tensor kronecker_hadamard_autograd(const at::Tensor& x, const at::Tensor& factor, int64_t m, double scale, bool transpose_factor) {
  return KroneckerHadamard::apply(x, factor, m, scale, transpose_factor);
}

}  // namespace

at::Tensor kronecker_hadamard(const at::Tensor& x, const at::Tensor& factor, int64_t m, double scale, bool transpose_factor) {
  if (factor.dim() != 2 || factor.size(0) != factor.size(1) || factor.size(0) < 1) {
    throw Error("kronecker_hadamard: factor: expected a square matrix, found another shape");
  }
  if (m < 1 || (m & (m - 1)) != 0) throw Error("kronecker_hadamard: m: expected a power of two, found " + std::to_string(m));
  if (x.dim() < 1 || !at::isFloatingType(x.scalar_type())) {
    throw Error("kronecker_hadamard: tensor: expected a floating-point tensor with at least one dimension, found another");
  }
  if (x.size(-1) != factor.size(0) * m) {
    throw Error("kronecker_hadamard: width: expected " + std::to_string(factor.size(0)) + " x " + std::to_string(m) + " = " +
                std::to_string(factor.size(0) * m) + ", found " + std::to_string(x.size(-1)));
  }
  return dispatch(x, factor, m, scale, transpose_factor);
}

}  // namespace rolora::kernels

TORCH_LIBRARY_FRAGMENT(rolora, m) {
  m.def("kronecker_hadamard(Tensor x, Tensor factor, int m, float scale, bool transpose_factor=False) -> Tensor");
}
TORCH_LIBRARY_IMPL(rolora, CPU, m) { m.impl("kronecker_hadamard", rolora::kernels::kronecker_hadamard_cpu); }
TORCH_LIBRARY_IMPL(rolora, Autograd, m) { m.impl("kronecker_hadamard", rolora::kernels::kronecker_hadamard_autograd); }
