// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/plots/heat_values.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "widgets/plots/strips.h"

namespace rolora::widgets {

namespace {

template <bool kSigned>
inline int32_t key(int32_t bits) {
  if constexpr (kSigned) {
    return (bits & 0x7ffffffe) | static_cast<int32_t>(static_cast<uint32_t>(bits) >> 31);
  } else {
    return bits & 0x7fffffff;
  }
}

/// out[i] = max(out[i], key(in[i])).
template <bool kSigned>
void take_larger(const int32_t* __restrict in, int64_t n, int32_t* __restrict out) {
  for (int64_t i = 0; i < n; ++i) {
    const int32_t k = key<kSigned>(in[i]);
    out[i] = k > out[i] ? k : out[i];
  }
}

void take_larger_keys(const int32_t* __restrict in, int64_t n, int32_t* __restrict out) {
  for (int64_t i = 0; i < n; ++i) out[i] = in[i] > out[i] ? in[i] : out[i];
}

/// Pixels of equal width over cells from … to. Where cells are smaller than pixels they are shared out without gap or overlap.
std::vector<std::pair<int32_t, int32_t>> bounds_of(double from, double to, int pixels, int64_t cells) {
  std::vector<std::pair<int32_t, int32_t>> out(static_cast<size_t>(std::max(pixels, 0)));
  const double step = (to - from) / std::max(1, pixels);
  const auto inside = [cells](double c) { return static_cast<int32_t>(std::clamp<double>(c, 0, static_cast<double>(cells))); };
  for (int i = 0; i < pixels; ++i) {
    double a = from + step * i, b = from + step * (i + 1);
    if (a > b) std::swap(a, b);
    int32_t begin, end;
    if (std::abs(step) > 1) {
      begin = inside(std::floor(a + 1e-9));
      const bool last = step > 0 ? i == pixels - 1 : i == 0;
      end = inside(last ? std::ceil(b - 1e-9) : std::floor(b + 1e-9));
    } else {
      begin = inside(std::floor(0.5 * (a + b)));
      end = begin + 1;
    }
    begin = std::min<int32_t>(begin, static_cast<int32_t>(cells) - 1);
    out[static_cast<size_t>(i)] = {begin, std::clamp<int32_t>(end, begin + 1, static_cast<int32_t>(cells))};
  }
  return out;
}

}  // namespace

HeatSource::HeatSource(MatrixPtr matrix, bool has_sign, double factor) : matrix_(std::move(matrix)), has_sign_(has_sign), factor_(factor) {
  const std::vector<float>& values = matrix_->values;
  float most = 0;
  for (const float v : values) {
    const float magnitude = std::fabs(v);
    if (magnitude > most && magnitude <= 3.402823466e38F) most = magnitude;
    figures_.any_negative |= v < 0;
    figures_.not_numbers += std::isnan(v) ? 1 : 0;
  }
  constexpr size_t kSample = 200'000;
  size_t stride = std::max<size_t>(1, values.size() / kSample);
  if (stride > 1) stride |= 1;  // not in step with the columns' count, which is even
  std::vector<float> sample;
  for (size_t i = 0; i < values.size(); i += stride) {
    if (std::isfinite(values[i]) && values[i] != 0) sample.push_back(std::fabs(values[i]));
  }
  auto unsorted = sample.begin();
  const auto quantile = [&](double q) {  // asked for in rising order: what lies before is no larger already
    if (sample.empty()) return 0.0;
    const auto at = sample.begin() + static_cast<std::ptrdiff_t>(q * static_cast<double>(sample.size() - 1));
    std::nth_element(unsorted, at, sample.end());
    unsorted = at;
    return factor_ * static_cast<double>(*at);
  };
  figures_.most = most * factor_;
  figures_.least = quantile(0);
  figures_.p1 = quantile(0.01);
  figures_.median = quantile(0.5);
  figures_.p99 = quantile(0.99);
  figures_.p999 = quantile(0.999);
}

int64_t HeatSource::cells_beyond(double magnitude) const {
  if (!(magnitude < figures_.most)) return 0;
  const auto limit = static_cast<float>(magnitude / std::fabs(factor_));
  return std::count_if(matrix_->values.begin(), matrix_->values.end(), [limit](float v) { return std::fabs(v) > limit; });
}

double HeatSource::at(int64_t row, int64_t column) const {
  const double v = matrix_->at(row, column) * factor_;
  return has_sign_ ? v : std::fabs(v);
}

std::shared_ptr<const HeatSource::Coarse> HeatSource::make_coarse(const std::atomic<bool>& stop) const {
  auto out = std::make_shared<Coarse>();
  out->columns = (columns() + 3) / 4;
  out->rows4 = (rows() + 3) / 4;
  out->columns4.assign(static_cast<size_t>(rows() * out->columns), 0);
  out->both4.assign(static_cast<size_t>(out->rows4 * out->columns), 0);
  for (int64_t r = 0; r < rows(); ++r) {
    if (stop) return nullptr;
    const float* in = matrix_->values.data() + r * columns();
    int32_t* row = out->columns4.data() + r * out->columns;
    for (int64_t c = 0; c < columns(); ++c) row[c / 4] = std::max(row[c / 4], key_of(in[c], has_sign_));
    take_larger_keys(row, out->columns, out->both4.data() + r / 4 * out->columns);
  }
  return out;
}

HeatGrid::HeatGrid(const HeatSource& source, const HeatWindow& w) : source_(source), coarse_(source.coarse) {
  column_step_ = std::abs(w.right - w.left) / std::max(1, w.width);
  row_step_ = std::abs(w.bottom - w.top) / std::max(1, w.height);
  if (coarse_ && column_step_ >= 4) level_ = row_step_ >= 4 ? Level::both4 : Level::columns4;
  const double cx = level_ == Level::cells ? 1 : 4, cy = level_ == Level::both4 ? 4 : 1;
  columns_ = bounds_of(w.left / cx, w.right / cx, w.width, level_ == Level::cells ? source.columns() : coarse_->columns);
  rows_ = bounds_of(w.top / cy, w.bottom / cy, w.height, level_ == Level::both4 ? coarse_->rows4 : source.rows());
  if (columns_.empty()) return;
  first_column_ = std::min(columns_.front().first, columns_.back().first);
  end_column_ = std::max(columns_.front().second, columns_.back().second);
}

CellBlock HeatGrid::block(int x, int y) const {
  if (columns_.empty() || rows_.empty()) return {};
  const auto columns = columns_[static_cast<size_t>(std::clamp<int>(x, 0, static_cast<int>(columns_.size()) - 1))];
  const auto rows = rows_[static_cast<size_t>(std::clamp<int>(y, 0, static_cast<int>(rows_.size()) - 1))];
  const int64_t cx = level_ == Level::cells ? 1 : 4, cy = level_ == Level::both4 ? 4 : 1;
  return {rows.first * cy, std::min<int64_t>(rows.second * cy, source_.rows()), columns.first * cx,
          std::min<int64_t>(columns.second * cx, source_.columns())};
}

std::pair<int64_t, int64_t> HeatGrid::pooled() const {
  const auto cells = [](double step) { return step <= 1 ? int64_t{1} : static_cast<int64_t>(std::ceil(step - 1e-6)); };
  return {cells(row_step_), cells(column_step_)};
}

int64_t HeatGrid::work() const {
  if (rows_.empty()) return 0;
  const int64_t rows = std::max(rows_.front().second, rows_.back().second) - std::min(rows_.front().first, rows_.back().first);
  return rows * (end_column_ - first_column_);
}

void HeatGrid::pool_rows(std::pair<int32_t, int32_t> rows, std::vector<int32_t>& scratch) const {
  const int64_t n = end_column_ - first_column_;
  std::fill(scratch.begin(), scratch.end(), 0);
  for (int64_t r = rows.first; r < rows.second; ++r) {
    if (level_ == Level::cells) {
      const auto* in = reinterpret_cast<const int32_t*>(source_.matrix().values.data() + r * source_.columns() + first_column_);
      source_.has_sign() ? take_larger<true>(in, n, scratch.data()) : take_larger<false>(in, n, scratch.data());
    } else {
      const std::vector<int32_t>& keys = level_ == Level::columns4 ? coarse_->columns4 : coarse_->both4;
      take_larger_keys(keys.data() + r * coarse_->columns + first_column_, n, scratch.data());
    }
  }
}

void HeatGrid::pool_columns(const std::vector<int32_t>& scratch, int32_t* out) const {
  for (size_t x = 0; x < columns_.size(); ++x) {
    int32_t most = 0;
    for (int32_t c = columns_[x].first; c < columns_[x].second; ++c) most = std::max(most, scratch[static_cast<size_t>(c - first_column_)]);
    out[x] = most;
  }
}

void HeatGrid::pool_lines(int begin, int end, const std::atomic<bool>& stop, int32_t* out) const {
  const size_t width = columns_.size();
  std::vector<int32_t> scratch(static_cast<size_t>(std::max(0, end_column_ - first_column_)));
  for (int at = begin; at < end && !stop; ++at) {
    const auto y = static_cast<size_t>(at);
    int32_t* line = out + y * width;
    if (at > begin && rows_[y] == rows_[y - 1]) {
      std::memcpy(line, line - width, width * sizeof(int32_t));
      continue;
    }
    pool_rows(rows_[y], scratch);
    pool_columns(scratch, line);
  }
}

std::vector<int32_t> HeatGrid::pool(const std::atomic<bool>& stop) const {
  std::vector<int32_t> out(columns_.size() * rows_.size());
  constexpr int64_t kWorth = 200'000;  // cells and pixels: less is done before a thread wakes up
  const int lines = static_cast<int>(rows_.size());
  const int64_t whole = work() + static_cast<int64_t>(out.size());
  const auto least = static_cast<int>(std::min<int64_t>(lines, kWorth * lines / std::max<int64_t>(1, whole) + 1));
  in_strips(lines, least, [&](int begin, int end) { pool_lines(begin, end, stop, out.data()); });
  return out;
}

std::optional<std::pair<int64_t, int64_t>> next_beyond(const HeatSource& source, std::pair<int64_t, int64_t> from, int dx, int dy,
                                                       double magnitude) {
  const bool by_rows = dx != 0;
  const int64_t inner = by_rows ? source.columns() : source.rows(), cells = source.rows() * source.columns();
  const int64_t step = by_rows ? dx : dy;
  for (int64_t i = (by_rows ? from.first * inner + from.second : from.second * inner + from.first) + step; i >= 0 && i < cells; i += step) {
    const std::pair<int64_t, int64_t> cell = by_rows ? std::pair(i / inner, i % inner) : std::pair(i % inner, i / inner);
    if (std::fabs(source.at(cell.first, cell.second)) >= magnitude) return cell;
  }
  return std::nullopt;
}

std::optional<std::pair<int64_t, int64_t>> next_outlier(const HeatSource& source, std::pair<int64_t, int64_t> from, int dx, int dy,
                                                        double magnitude) {
  const auto [row, column] = from;
  if (row < 0 && column < 0) return std::nullopt;
  if (row >= 0 && column >= 0) return next_beyond(source, from, dx, dy, magnitude);
  const bool sideways = dx != 0;
  const int64_t rows = source.rows(), columns = source.columns(), step = dx + dy;
  if ((column >= 0) == sideways) {  // the whole column moves sideways, the whole row up and down
    for (int64_t at = (sideways ? column : row) + step; at >= 0 && at < (sideways ? columns : rows); at += step) {
      const auto cell = largest_cell(source, sideways ? CellBlock{0, rows, at, at + 1} : CellBlock{at, at + 1, 0, columns});
      if (std::fabs(source.at(cell.first, cell.second)) >= magnitude) return cell;
    }
    return std::nullopt;
  }
  const int64_t along = sideways ? columns : rows;  // within it, from its end
  for (int64_t at = step > 0 ? 0 : along - 1; at >= 0 && at < along; at += step) {
    const std::pair<int64_t, int64_t> cell = sideways ? std::pair(row, at) : std::pair(at, column);
    if (std::fabs(source.at(cell.first, cell.second)) >= magnitude) return cell;
  }
  return std::nullopt;
}

void append_magnitudes(const HeatSource& source, const CellBlock& b, std::vector<float>& out) {
  const int64_t columns = b.column_end - b.column_begin, cells = (b.row_end - b.row_begin) * columns;
  constexpr int64_t kMost = 400'000;
  const int64_t stride = std::max<int64_t>(1, cells / kMost) | 1;
  for (int64_t i = 0; i < cells; i += stride) {
    const double v = std::fabs(source.at(b.row_begin + i / columns, b.column_begin + i % columns));
    if (std::isfinite(v) && v > 0) out.push_back(static_cast<float>(v));
  }
  if (stride == 1) return;
  const auto [row, column] = largest_cell(source, b);
  out.push_back(static_cast<float>(std::fabs(source.at(row, column))));
}

std::pair<int64_t, int64_t> largest_cell(const HeatSource& source, const CellBlock& block) {
  std::pair<int64_t, int64_t> best{block.row_begin, block.column_begin};
  int32_t most = -1;
  for (int64_t r = block.row_begin; r < block.row_end; ++r) {
    for (int64_t c = block.column_begin; c < block.column_end; ++c) {
      const int32_t k = HeatSource::key_of(source.matrix().at(r, c), source.has_sign());
      if (k > most) {
        most = k;
        best = {r, c};
      }
    }
  }
  return best;
}

}  // namespace rolora::widgets
