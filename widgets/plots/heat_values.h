// SPDX-License-Identifier: GPL-3.0-or-later
// Values of a heat map and how many cells become one pixel. Pooling works on the values' bits: a magnitude is an integer that grows with
// it, so neither logarithms nor copies are needed, and a NaN wins over every number and is seen.
#pragma once

#include <atomic>
#include <bit>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "widgets/data/matrix.h"

namespace rolora::widgets {

/// Of all cells: from every cell, or from a regular sample of them where it says so; magnitudes times the source's factor.
struct HeatFigures {
  double most = 0;                               ///< largest |x|
  double least = 0;                              ///< smallest |x| above zero of the sample
  double p1 = 0, median = 0, p99 = 0, p999 = 0;  ///< of |x| above zero of the sample
  int64_t not_numbers = 0;                       ///< cells that are NaN
  bool any_negative = false;
};

/// A matrix as a heat map shows it: |x|·factor, or signed x·factor. Immutable except for the coarse copy, which the GUI thread adds.
class HeatSource {
 public:
  /// Looks at every cell once: for large matrices call it on another thread.
  HeatSource(MatrixPtr matrix, bool has_sign, double factor = 1);
  const Matrix& matrix() const { return *matrix_; }
  const MatrixPtr& values() const { return matrix_; }
  int64_t rows() const { return matrix_->rows; }
  int64_t columns() const { return matrix_->columns; }
  bool has_sign() const { return has_sign_; }
  double factor() const { return factor_; }
  const HeatFigures& figures() const { return figures_; }
  /// The shown value of a cell.
  double at(int64_t row, int64_t column) const;
  /// How many cells are shown as more than `magnitude`.
  int64_t cells_beyond(double magnitude) const;

  /// Four neighbouring columns pooled, and 4 × 4 cells, for matrices beyond kDirectCells.
  struct Coarse {
    std::vector<int32_t> columns4, both4;
    int64_t columns = 0, rows4 = 0;  ///< of columns4: rows × columns; of both4: rows4 × columns
  };
  std::shared_ptr<const Coarse> make_coarse(const std::atomic<bool>& stop) const;
  std::shared_ptr<const Coarse> coarse;
  static constexpr int64_t kDirectCells = 10'000'000;  ///< that are pooled on the GUI thread

  // A key orders magnitudes as integers; the sign, where there is one, is in the lowest bit.
  static int32_t key_of(float x, bool has_sign) {
    const auto bits = std::bit_cast<uint32_t>(x);
    return has_sign ? static_cast<int32_t>((bits & 0x7ffffffeU) | (bits >> 31)) : static_cast<int32_t>(bits & 0x7fffffffU);
  }
  static float value_of(int32_t key, bool has_sign) {
    const auto bits = static_cast<uint32_t>(key);
    return std::bit_cast<float>(has_sign ? (bits & 0x7ffffffeU) | (bits << 31) : bits);
  }

 private:
  MatrixPtr matrix_;
  bool has_sign_;
  double factor_;
  HeatFigures figures_;
};
using HeatSourcePtr = std::shared_ptr<HeatSource>;

/// What a rectangle of pixels shows: columns left … right and rows top … bottom of the matrix, in cells from 0 on; either may run
/// backwards.
struct HeatWindow {
  double left = 0, right = 0, top = 0, bottom = 0;
  int width = 0, height = 0;
  bool operator==(const HeatWindow&) const = default;
};

struct CellBlock {
  int64_t row_begin = 0, row_end = 0, column_begin = 0, column_end = 0;
};

/// Which cells one pixel stands for.
class HeatGrid {
 public:
  HeatGrid(const HeatSource& source, const HeatWindow& window);
  CellBlock block(int x, int y) const;
  /// Cells of a pixel in either direction, as a badge says it: {rows, columns}, 1 where a cell is a pixel or more.
  std::pair<int64_t, int64_t> pooled() const;
  /// How many values pooling reads.
  int64_t work() const;
  /// keys [height, width]; stops early when told to, with what it has.
  std::vector<int32_t> pool(const std::atomic<bool>& stop) const;

 private:
  using Bounds = std::vector<std::pair<int32_t, int32_t>>;
  enum class Level { cells, columns4, both4 };
  void pool_lines(int begin, int end, const std::atomic<bool>& stop, int32_t* out) const;
  void pool_rows(std::pair<int32_t, int32_t> rows, std::vector<int32_t>& scratch) const;
  void pool_columns(const std::vector<int32_t>& scratch, int32_t* out) const;
  const HeatSource& source_;
  std::shared_ptr<const HeatSource::Coarse> coarse_;
  Level level_ = Level::cells;
  Bounds columns_, rows_;
  double column_step_ = 1, row_step_ = 1;
  int32_t first_column_ = 0, end_column_ = 0;
};

/// The next cell from `from` on of at least this magnitude: along the row (dx) or the column (dy), then on through the rows or columns that
/// follow. Nothing: there is none up to the corner.
std::optional<std::pair<int64_t, int64_t>> next_beyond(const HeatSource& source, std::pair<int64_t, int64_t> from, int dx, int dy,
                                                       double magnitude);
/// The next outlier from a selection in which −1 means all: along a whole row or column as next_beyond(); from a whole column sideways, the
/// largest cell of the next column that has one of at least this magnitude, and from a whole row up or down likewise. From nothing: none.
std::optional<std::pair<int64_t, int64_t>> next_outlier(const HeatSource& source, std::pair<int64_t, int64_t> from, int dx, int dy,
                                                        double magnitude);
/// Magnitudes of a block above zero, unsorted: all, or of a large one a regular sample with the largest.
void append_magnitudes(const HeatSource& source, const CellBlock& block, std::vector<float>& out);
/// The cell of a block with the largest magnitude; the first of equals.
std::pair<int64_t, int64_t> largest_cell(const HeatSource& source, const CellBlock& block);

}  // namespace rolora::widgets
