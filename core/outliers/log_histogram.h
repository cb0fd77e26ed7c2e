// SPDX-License-Identifier: GPL-3.0-or-later
// Exact counts of |x| in bins of equal width in log2|x|: 64 an octave for whole tensors, 8 an octave (eight of the fine ones) per channel.
// The bins cover every finite fp32, subnormals included; zeros are counted apart. Counts are integers, so neither the order of the values
// nor the number of threads changes them.
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <span>
#include <vector>

namespace rolora {

/// The fixed fine bins: bin b holds 2^(b/64 − 149) ≤ |x| < 2^((b+1)/64 − 149).
class LogBins {
 public:
  static constexpr int kPerOctave = 64;
  static constexpr int kLowestOctave = -149;  ///< the smallest subnormal is 2^-149
  static constexpr int kCount = (128 - kLowestOctave) * kPerOctave;
  static constexpr int kCoarse = 8;  ///< bins an octave per channel
  static constexpr int kCoarseCount = kCount / (kPerOctave / kCoarse);

  static const LogBins& get();
  /// Bin of a finite value that is not zero, from the bits of its magnitude (the sign bit clear).
  int of_bits(uint32_t magnitude) const {
    if (magnitude < 0x00800000u) return of_subnormal(magnitude);
    const uint32_t mantissa = magnitude & 0x007fffffu;
    int bin = first_[mantissa >> kCellBits];
    bin += static_cast<int>(mantissa) > last_below_[static_cast<size_t>(bin)] ? 1 : 0;
    return static_cast<int>((magnitude >> 23) + (-127 - kLowestOctave)) * kPerOctave + bin;
  }
  int of(float x) const { return of_bits(std::bit_cast<uint32_t>(x) & 0x7fffffffu); }
  static double lower_edge(int bin);
  /// Geometric middle: what a quantile that falls into the bin is read as (at most 2^(1/128) − 1 = 0.54 % off).
  static double middle(int bin);

  // The two tables behind of_bits, for loops over several values at once.
  static constexpr int kCellBits = 12;  ///< a cell of 4096 mantissas holds at most one edge (edges are ≥ 90 000 apart)
  const int* first_of_cell() const { return first_.data(); }
  const int* last_below_edge() const { return last_below_.data(); }

 private:
  LogBins();
  int of_subnormal(uint32_t magnitude) const;
  static constexpr size_t kCells = size_t{1} << (23 - kCellBits);
  std::array<int, kCells> first_{};           // bin of a cell's first mantissa
  std::array<int, kPerOctave> last_below_{};  // last mantissa of the bin
};

/// Counts over a window of bins that grows to what was seen.
class BinCounts {
 public:
  void add(int bin, uint64_t count);
  void merge(const BinCounts& other);
  uint64_t at(int bin) const;
  int first() const { return first_; }                                   ///< first bin of the window
  int end() const { return first_ + static_cast<int>(counts_.size()); }  ///< one past the last
  uint64_t total() const;
  size_t bytes() const { return counts_.capacity() * sizeof(uint64_t); }

 private:
  void cover(int begin, int end);
  int first_ = 0;
  std::vector<uint64_t> counts_;
};

/// Signed values: magnitudes of the positive and of the negative ones, and the zeros.
struct SignedCounts {
  BinCounts positive, negative;
  uint64_t zeros = 0;
  void merge(const SignedCounts& other);
  uint64_t total() const { return positive.total() + negative.total() + zeros; }
};

/// Counts of consecutive bins, fine or coarse.
struct CountView {
  std::span<const uint64_t> counts;
  int first = 0;  ///< fine bin where counts[0] starts
  int fine = 1;   ///< fine bins a count covers
  uint64_t zeros = 0;
};
/// The value at rank ⌈q·n⌉ of the sorted magnitudes (the inverse of the empirical distribution), read as the geometric middle of its bin
/// but never above `absmax`; 0 when the rank falls among the zeros, NaN without values.
double quantile_of(const CountView& view, double q, double absmax);

/// Share of values with |x − mean| > k·std; a bin counts as a whole, by its middle (cut at `absmax`).
double share_above(const SignedCounts& counts, double mean, double std, double k, double absmax);

/// |x| of both signs together, over the occupied bins.
std::vector<uint64_t> magnitudes(const SignedCounts& counts, int* first);

}  // namespace rolora
