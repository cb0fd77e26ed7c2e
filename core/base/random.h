// SPDX-License-Identifier: GPL-3.0-or-later
// Seeded random numbers that are the same on every machine and standard library.
#pragma once

#include <cstdint>
#include <random>
#include <string_view>
#include <vector>

namespace rolora {

/// A named stream of random numbers: (seed, purpose) → independent sequence. mt19937_64's raw output is fixed by the C++ standard;
/// everything derived from it here is too (no std:: distributions), but for the last bit of normal(), which is the C library's log, sin and
/// cos.
class Random {
 public:
  Random(uint64_t seed, std::string_view purpose);
  uint64_t bits() { return engine_(); }
  /// Uniform in [0, 1) with 53 bits.
  double uniform();
  /// Standard normal (Box–Muller in fp64).
  double normal();
  /// Uniform integer in [0, n), without modulo bias. Error for n = 0.
  uint64_t below(uint64_t n);
  /// +1 or −1.
  int sign() { return (engine_() >> 63) != 0 ? -1 : 1; }
  /// A permutation of 0..n-1 (Fisher–Yates). Error for a negative n.
  std::vector<int64_t> permutation(int64_t n);

 private:
  std::mt19937_64 engine_;
  bool has_spare_ = false;
  double spare_ = 0;
};

}  // namespace rolora
