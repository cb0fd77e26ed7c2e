// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/rotation/galois_field.h"

namespace rolora {
namespace {

using Polynomial = std::vector<int64_t>;  // coefficients mod p, constant term first

Polynomial digits(int64_t value, int64_t p, int count) {
  Polynomial c(static_cast<size_t>(count));
  for (int64_t& digit : c) {
    digit = value % p;
    value /= p;
  }
  return c;
}

// Remainder of a by the monic polynomial x^d + Σ low[i] x^i, in place; a keeps its length.
void reduce(Polynomial& a, const Polynomial& low, int64_t p) {
  const size_t d = low.size();
  for (size_t top = a.size(); top-- > d;) {
    const int64_t lead = a[top];
    a[top] = 0;
    for (size_t i = 0; i < d; ++i) a[top - d + i] = ((a[top - d + i] - lead * low[i]) % p + p) % p;
  }
}

// Is x^k + Σ low[i] x^i without a monic divisor of degree 1 … k/2?
bool irreducible(const Polynomial& low, int64_t p) {
  const int k = static_cast<int>(low.size());
  int64_t count = 1;
  for (int d = 1; 2 * d <= k; ++d) {
    count *= p;
    for (int64_t code = 0; code < count; ++code) {
      Polynomial whole = low;
      whole.push_back(1);
      reduce(whole, digits(code, p, d), p);
      bool divides = true;
      for (int64_t c : whole) divides = divides && c == 0;
      if (divides) return false;
    }
  }
  return true;
}

}  // namespace

std::optional<PrimePower> prime_power(int64_t n) {
  if (n < 2) return std::nullopt;
  int64_t p = n;
  for (int64_t d = 2; d * d <= n; ++d) {
    if (n % d == 0) {
      p = d;
      break;
    }
  }
  int degree = 0;
  while (n % p == 0) {
    n /= p;
    ++degree;
  }
  if (n != 1) return std::nullopt;
  return PrimePower{p, degree};
}

GaloisField::GaloisField(PrimePower q) : prime_(q.prime), degree_(q.degree) {
  for (int i = 0; i < degree_; ++i) size_ *= prime_;
  for (int64_t code = 0; code < size_; ++code) {
    modulus_ = digits(code, prime_, degree_);
    if (irreducible(modulus_, prime_)) return;
  }
}

int64_t GaloisField::subtract(int64_t a, int64_t b) const {
  if (degree_ == 1) return (a - b + prime_) % prime_;
  int64_t result = 0, place = 1;
  for (int i = 0; i < degree_; ++i) {
    result += (a % prime_ - b % prime_ + prime_) % prime_ * place;
    a /= prime_;
    b /= prime_;
    place *= prime_;
  }
  return result;
}

int64_t GaloisField::multiply(int64_t a, int64_t b) const {
  if (degree_ == 1) return a * b % prime_;
  const Polynomial x = digits(a, prime_, degree_), y = digits(b, prime_, degree_);
  Polynomial product(2 * x.size() - 1, 0);
  for (size_t i = 0; i < x.size(); ++i) {
    for (size_t j = 0; j < y.size(); ++j) product[i + j] = (product[i + j] + x[i] * y[j]) % prime_;
  }
  reduce(product, modulus_, prime_);
  int64_t result = 0;
  for (size_t i = x.size(); i-- > 0;) result = result * prime_ + product[i];
  return result;
}

std::vector<int8_t> GaloisField::quadratic_character() const {
  std::vector<int8_t> chi(static_cast<size_t>(size_), -1);
  chi[0] = 0;
  for (int64_t a = 1; a < size_; ++a) chi[static_cast<size_t>(multiply(a, a))] = 1;
  return chi;
}

}  // namespace rolora
