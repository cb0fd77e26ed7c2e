// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/statistics/weight_statistics.h"

#include <ATen/Parallel.h>
#include <torch/types.h>

#include <array>
#include <bit>
#include <cmath>

#include "core/base/error.h"
#include "core/statistics/channel_block.h"
#include "core/statistics/row_figures.h"
#include "core/statistics/vector_dispatch.h"

namespace rolora {
namespace {

constexpr float kLargestInteger = 7, kSmallestInteger = -8, kSmallestMaximum = 1e-5f;
// Adding and subtracting 1.5·2^23 rounds |v| < 2^22 half to even in the default rounding mode, four lanes at a time.
constexpr float kRound = 12582912.0f;

using lanes::Double4;
using lanes::Float4;

void add_squares(const float* w, const Float4& scale, Double4& error, Double4& norm) {
  Float4 x;
  std::memcpy(&x, w, sizeof x);
  Float4 q = x / scale;
  q = (q + kRound) - kRound;
  q = q > kLargestInteger ? Float4{} + kLargestInteger : q;
  q = q < kSmallestInteger ? Float4{} + kSmallestInteger : q;
  const Double4 wide = __builtin_convertvector(x, Double4);
  const Double4 difference = __builtin_convertvector(scale * q, Double4) - wide;
  norm += wide * wide;
  error += difference * difference;
}

struct ErrorAndNorm {
  double error = 0, norm = 0;  ///< sums of squares
  float relative() const { return norm > 0 ? static_cast<float>(std::sqrt(error / norm)) : 0; }
};

ErrorAndNorm row_error(const float* w, int64_t columns, float scale) {
  const Float4 scales = Float4{} + scale;
  Double4 error = {}, norm = {};
  int64_t c = 0;
  for (; c + 4 <= columns; c += 4) add_squares(w + c, scales, error, norm);
  std::array<float, 4> rest{};  // zeros round to zero and add nothing
  std::copy(w + c, w + columns, rest.begin());
  add_squares(rest.data(), scales, error, norm);
  return {(error[0] + error[1]) + (error[2] + error[3]), (norm[0] + norm[1]) + (norm[2] + norm[3])};
}

struct Rows {
  std::vector<RowFigures> figures;
  std::vector<float> scales;
  std::vector<ErrorAndNorm> errors;
};

Rows row_pass(const float* w, int64_t rows, int64_t columns) {
  Rows out{std::vector<RowFigures>(static_cast<size_t>(rows)), std::vector<float>(static_cast<size_t>(rows)),
           std::vector<ErrorAndNorm>(static_cast<size_t>(rows))};
  at::parallel_for(0, rows, 8, [&](int64_t begin, int64_t end) {
    for (int64_t r = begin; r < end; ++r) {
      const auto i = static_cast<size_t>(r);
      out.figures[i] = row_figures(w + r * columns, columns);
      out.scales[i] = std::max(std::bit_cast<float>(out.figures[i].absmax_bits), kSmallestMaximum) / kLargestInteger;
      out.errors[i] = row_error(w + r * columns, columns, out.scales[i]);
    }
  });
  return out;
}

// One strip of at most 64 columns over all rows.
void column_strip(const float* w, int64_t rows, int64_t columns, int64_t first, const std::vector<float>& scales, LineFigures& out) {
  const int64_t width = std::min(ChannelBlock::kChannels, columns - first);
  ChannelBlock block(width, /*counting=*/false);
  std::array<Double4, ChannelBlock::kChannels / 4> error{}, norm{};
  alignas(16) std::array<float, ChannelBlock::kChannels> line{};
  for (int64_t r = 0; r < rows; r += ChannelBlock::kRows) {
    block.add(w + r * columns + first, std::min(ChannelBlock::kRows, rows - r), columns, nullptr);
    for (int64_t i = r; i < std::min(rows, r + ChannelBlock::kRows); ++i) {
      std::copy_n(w + i * columns + first, width, line.begin());
      const Float4 scale = Float4{} + scales[static_cast<size_t>(i)];
      for (size_t c = 0; c < error.size(); ++c) add_squares(line.data() + 4 * c, scale, error[c], norm[c]);
    }
  }
  for (int64_t c = 0; c < width; ++c) {
    const auto lane = static_cast<size_t>(c), at = static_cast<size_t>(first + c);
    out.absmax[at] = block.absmax(c);
    out.kurtosis[at] = static_cast<float>(block.moments(c).kurtosis());
    out.rtn_error[at] = ErrorAndNorm{error[lane / 4][lane % 4], norm[lane / 4][lane % 4]}.relative();
  }
}

LineFigures column_pass(const float* w, int64_t rows, int64_t columns, const std::vector<float>& scales) {
  const auto n = static_cast<size_t>(columns);
  LineFigures out{std::vector<float>(n), std::vector<float>(n), std::vector<float>(n)};
  const int64_t strips = (columns + ChannelBlock::kChannels - 1) / ChannelBlock::kChannels;
  at::parallel_for(0, strips, 1, [&](int64_t begin, int64_t end) {
    for (int64_t s = begin; s < end; ++s) column_strip(w, rows, columns, s * ChannelBlock::kChannels, scales, out);
  });
  return out;
}

}  // namespace

LinearStatistics weight_statistics(const std::string& name, const at::Tensor& w) {
  const at::Tensor values = w.detach().to(at::kCPU, at::kFloat).contiguous();
  const float* data = values.const_data_ptr<float>();
  LinearStatistics out;
  out.name = name;
  out.rows = values.size(0);
  out.columns = values.size(1);
  const Rows rows = row_pass(data, out.rows, out.columns);
  Moments whole;
  ErrorAndNorm sum;
  for (size_t r = 0; r < rows.figures.size(); ++r) {
    const RowFigures& figures = rows.figures[r];
    if (figures.absmax_bits > lanes::kLargestFinite) {
      throw NumericError(name + ": row " + std::to_string(r) + ": expected finite weights, found NaN or infinity");
    }
    const float absmax = std::bit_cast<float>(figures.absmax_bits);
    out.row.absmax.push_back(absmax);
    out.row.kurtosis.push_back(static_cast<float>(figures.moments.kurtosis()));
    out.row.rtn_error.push_back(rows.errors[r].relative());
    out.absmax = std::max(out.absmax, static_cast<double>(absmax));
    whole.merge(figures.moments);
    sum.error += rows.errors[r].error;
    sum.norm += rows.errors[r].norm;
  }
  out.kurtosis = whole.kurtosis();
  out.rtn_mse = sum.error / static_cast<double>(whole.count);
  out.rtn_relative_error = sum.norm > 0 ? std::sqrt(sum.error / sum.norm) : 0;
  out.column = column_pass(data, out.rows, out.columns, rows.scales);
  return out;
}

}  // namespace rolora
