// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/quantization/gptq.h"

#include <ATen/Parallel.h>

#include "core/base/error.h"
#include "core/quantization/gptq_tile.h"
#include "core/quantization/grid.h"

namespace rolora {
namespace {

constexpr int kAttempts = 5;

std::string number_text(double value) { return Json(value).dump(); }

// U = L⁻¹ flipped, where L Lᵀ is H with rows and columns reversed: one factorisation and one triangular inverse give the upper Cholesky
// factor of H⁻¹ without ever forming the inverse. Undefined when H is not positive definite; `column` then says where.
at::Tensor upper_of_inverse(const at::Tensor& hessian, int64_t& column) {
  auto [lower, info] = at::linalg_cholesky_ex(hessian.flip({0, 1}));
  const int64_t failed = info.item<int64_t>();
  if (failed != 0) {
    column = hessian.size(0) - failed;
    return {};
  }
  at::Tensor inverse = at::linalg_solve_triangular(lower, at::eye(hessian.size(0), hessian.options()), /*upper=*/false);
  lower.reset();
  column = -1;
  if (!at::isfinite(inverse.sum()).item<bool>()) return {};
  return inverse.flip({0, 1});
}

std::vector<int64_t> column_order(const at::Tensor& diagonal, bool act_order) {
  const int64_t width = diagonal.size(0);
  const at::Tensor order =
      act_order ? at::argsort(diagonal, /*stable=*/true, /*dim=*/0, /*descending=*/true).cpu() : at::arange(width, at::kLong);
  const int64_t* values = order.const_data_ptr<int64_t>();
  return {values, values + width};
}

at::Tensor index_tensor(const std::vector<int64_t>& order, const at::Device& device) { return at::tensor(order, at::kLong).to(device); }

bool is_identity(const std::vector<int64_t>& order) {
  for (size_t i = 0; i < order.size(); ++i) {
    if (order[i] != static_cast<int64_t>(i)) return false;
  }
  return true;
}

// Scales and zeros as one contiguous row of the tile's rows per group, padded with harmless ones.
struct TileGrid {
  std::vector<float> scales, zeros;  // [groups][kTileRows]

  TileGrid(const ScalesAndZeros& found, int64_t first, int64_t count) {
    const int64_t groups = found.scales.size(1);
    scales.assign(static_cast<size_t>(groups * kTileRows), 1.0f);
    zeros.assign(static_cast<size_t>(groups * kTileRows), 0.0f);
    const float* s = found.scales.const_data_ptr<float>();
    const float* z = found.zeros.defined() ? found.zeros.const_data_ptr<float>() : nullptr;
    for (int64_t r = 0; r < count; ++r) {
      for (int64_t g = 0; g < groups; ++g) {
        scales[static_cast<size_t>(g * kTileRows + r)] = s[(first + r) * groups + g];
        if (z != nullptr) zeros[static_cast<size_t>(g * kTileRows + r)] = z[(first + r) * groups + g];
      }
    }
  }
};

// One block of columns of a whole weight: tiles of rows in parallel.
class BlockWorker {
 public:
  BlockWorker(const ScalesAndZeros& found, const HessianFactor& factor, const WeightQuant& how, QuantizedWeight& out)
      : found_(found), factor_(factor), grid_(integer_grid(how.bits, how.symmetric, how.convention)), out_(out) {
    width_ = out.integers.size(1);
    length_ = width_ / found.scales.size(1);
  }

  // weights [rows, n] fp64 contiguous: the block as updated so far; becomes the divided errors. upper [n, n] fp64 contiguous.
  void run(at::Tensor& weights, const at::Tensor& upper, int64_t first_column) {
    const int64_t rows = weights.size(0);
    at::parallel_for(0, (rows + kTileRows - 1) / kTileRows, 1, [&](int64_t begin, int64_t end) {
      for (int64_t tile = begin; tile < end; ++tile) run_tile(weights, upper, first_column, tile * kTileRows);
    });
  }

 private:
  void run_tile(at::Tensor& weights, const at::Tensor& upper, int64_t first_column, int64_t first_row) const {
    const int64_t n = weights.size(1), count = std::min(kTileRows, weights.size(0) - first_row);
    std::vector<double> tile(static_cast<size_t>(n * kTileRows), 0.0), errors(tile.size());
    std::vector<float> rounded(tile.size());
    double* rows = weights.mutable_data_ptr<double>() + first_row * n;
    for (int64_t r = 0; r < count; ++r) {
      for (int64_t j = 0; j < n; ++j) tile[static_cast<size_t>(j * kTileRows + r)] = rows[r * n + j];
    }
    const TileGrid grid(found_, first_row, count);
    std::vector<TileColumn> columns(static_cast<size_t>(n));
    for (int64_t j = 0; j < n; ++j) {
      const int64_t group = factor_.order[static_cast<size_t>(first_column + j)] / length_;
      columns[static_cast<size_t>(j)] = {grid.scales.data() + group * kTileRows, grid.zeros.data() + group * kTileRows};
    }
    gptq_tile(tile.data(), n, upper.const_data_ptr<double>(), n, columns.data(), grid_.lowest, grid_.highest, errors.data(),
              rounded.data());
    for (int64_t j = 0; j < n; ++j) {
      const int64_t column = factor_.order[static_cast<size_t>(first_column + j)];
      for (int64_t r = 0; r < count; ++r) {
        const auto at = static_cast<size_t>(j * kTileRows + r);
        rows[r * n + j] = errors[at];
        store(first_row + r, column, rounded[at] + columns[static_cast<size_t>(j)].zeros[r]);
      }
    }
  }

  void store(int64_t row, int64_t column, float integer) const {
    if (out_.symmetric) {
      out_.integers.mutable_data_ptr<int8_t>()[row * width_ + column] = static_cast<int8_t>(integer);
    } else {
      out_.integers.mutable_data_ptr<uint8_t>()[row * width_ + column] = static_cast<uint8_t>(integer);
    }
  }

  const ScalesAndZeros& found_;
  const HessianFactor& factor_;
  IntegerGrid grid_;
  QuantizedWeight& out_;
  int64_t width_ = 0, length_ = 0;
};

}  // namespace

HessianFactor factor_hessian(const at::Tensor& hessian, const GptqOptions& options) {
  if (!at::isfinite(hessian.sum()).item<bool>()) throw NumericError("GPTQ: the Hessian of the calibration inputs is not finite");
  HessianFactor factor;
  at::Tensor damped = hessian.to(at::kDouble).clone();
  at::Tensor diagonal = damped.diagonal();
  factor.dead = diagonal == 0;
  diagonal.masked_fill_(factor.dead, 1.0);
  factor.order = column_order(diagonal, options.act_order);
  if (!is_identity(factor.order)) {
    const at::Tensor order = index_tensor(factor.order, hessian.device());
    damped = damped.index_select(0, order).index_select(1, order);
    diagonal = damped.diagonal();
  }
  const double mean = diagonal.mean().item<double>();
  factor.damping = options.damping;
  double added = 0;
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    diagonal.add_((factor.damping - added) * mean);
    added = factor.damping;
    int64_t column = -1;
    factor.upper = upper_of_inverse(damped, column);
    if (factor.upper.defined()) return factor;
    factor.trail.push_back("damping " + number_text(factor.damping) +
                           (column < 0 ? ": inverse not finite" : ": not positive definite at column " + std::to_string(column)));
    factor.damping = factor.damping > 0 ? factor.damping * 10 : 0.01;
  }
  throw NumericError("GPTQ: the Hessian could not be factored: " + factor.trail.back());
}

QuantizedWeight quantize_gptq(const at::Tensor& weight, const HessianFactor& factor, const WeightQuant& how, int64_t block) {
  const int64_t rows = weight.size(0), width = weight.size(1);
  const ScalesAndZeros found = find_scales(weight, how);
  QuantizedWeight q = make_quantized(rows, width, found, how);
  at::Tensor w = weight.detach().to(at::kFloat).to(factor.upper.options());  // through fp32: what the scales were made of
  w = w.masked_fill(factor.dead.unsqueeze(0), 0.0);
  if (!is_identity(factor.order)) w = w.index_select(1, index_tensor(factor.order, w.device()));
  BlockWorker worker(found, factor, how, q);
  for (int64_t first = 0; first < width; first += block) {
    const int64_t n = std::min(block, width - first), rest = width - first - n;
    at::Tensor part = w.narrow(1, first, n).to(at::kCPU).contiguous();
    const at::Tensor rows_of_u = factor.upper.narrow(0, first, n);
    worker.run(part, rows_of_u.narrow(1, first, n).to(at::kCPU).contiguous(), first);
    if (rest > 0) w.narrow(1, first + n, rest).addmm_(part.to(w.device()), rows_of_u.narrow(1, first + n, rest), 1, -1);
  }
  return q;
}

double hessian_norm(const at::Tensor& d, const at::Tensor& hessian) {
  constexpr int64_t kRows = 512;  // bounds the fp64 copies
  double sum = 0;
  for (int64_t first = 0; first < d.size(0); first += kRows) {
    const at::Tensor part = d.narrow(0, first, std::min(kRows, d.size(0) - first)).to(hessian.options());
    sum += at::mm(part, hessian).mul_(part).sum().item<double>();
  }
  return sum;
}

}  // namespace rolora
