// SPDX-License-Identifier: GPL-3.0-or-later
// The largest magnitudes of a stream, with where they stand.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace rolora {

struct Outlier {
  float value = 0;  ///< with its sign
  int64_t token = 0;
  int64_t channel = 0;
  bool operator==(const Outlier&) const = default;
};

/// Keeps the k largest |value|; equal magnitudes: the earlier token, then the lower channel. The order is total, so what is kept does not
/// depend on the order of offering or of merging.
class TopValues {
 public:
  explicit TopValues(size_t k) : k_(k) {}
  void offer(const Outlier& candidate);
  void merge(const TopValues& other);
  /// Bits of the magnitude below which nothing is taken any more; 0 while there is room.
  int32_t floor_bits() const;
  /// Largest first.
  const std::vector<Outlier>& values() const { return values_; }
  size_t limit() const { return k_; }

 private:
  size_t k_;
  std::vector<Outlier> values_;
};

}  // namespace rolora
