// SPDX-License-Identifier: GPL-3.0-or-later
// Small finite fields GF(p^k), as far as Paley's constructions need them.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

namespace rolora {

struct PrimePower {
  int64_t prime = 2;
  int degree = 1;
};
/// p and k with n = p^k; nothing when n is no prime power.
std::optional<PrimePower> prime_power(int64_t n);

/// Elements are 0 … q−1: the base-p digits are the coefficients of a polynomial, constant term first. For k = 1 these are the integers mod
/// p. Multiplication is modulo the first irreducible monic polynomial of degree k in that order.
class GaloisField {
 public:
  explicit GaloisField(PrimePower q);
  int64_t size() const { return size_; }
  int64_t subtract(int64_t a, int64_t b) const;
  int64_t multiply(int64_t a, int64_t b) const;
  /// χ by element: 0 for 0, +1 for squares, −1 for the others. [q]; q odd.
  std::vector<int8_t> quadratic_character() const;

 private:
  int64_t prime_, size_ = 1;
  int degree_;
  std::vector<int64_t> modulus_;  // coefficients below x^k of the irreducible polynomial
};

}  // namespace rolora
