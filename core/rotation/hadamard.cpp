// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/rotation/hadamard.h"

#include <algorithm>
#include <bit>
#include <functional>

#include "core/base/error.h"
#include "core/rotation/galois_field.h"
#include "core/rotation/williamson.h"

namespace rolora {
namespace {

constexpr int64_t kLargestFactor = 4096;  // 64 MiB as fp32; above it the dense stage is no fast transform any more

using Matrix = std::vector<int8_t>;  // row-major, square

struct Factor {
  std::string name;
  std::function<Matrix()> build;
};

std::string field_name(const char* construction, int64_t q) {
  const PrimePower p = *prime_power(q);
  return std::string(construction) + "(" + std::to_string(p.prime) + (p.degree > 1 ? "^" + std::to_string(p.degree) : "") + ")";
}

// The Jacobsthal matrix Q[i][j] = χ(j − i) over GF(q), at rows and columns `border`… of an n×n matrix of zeros.
Matrix bordered_jacobsthal(int64_t q) {
  const GaloisField field(*prime_power(q));
  const std::vector<int8_t> chi = field.quadratic_character();
  const size_t n = static_cast<size_t>(q) + 1;
  Matrix matrix(n * n, 0);
  for (int64_t i = 0; i < q; ++i) {
    for (int64_t j = 0; j < q; ++j) {
      matrix[static_cast<size_t>(i + 1) * n + static_cast<size_t>(j + 1)] = chi[static_cast<size_t>(field.subtract(j, i))];
    }
  }
  return matrix;
}

// I + S, S skew: first row +1, first column −1, the Jacobsthal matrix elsewhere; order q + 1, q ≡ 3 mod 4 (R. Paley, 1933).
Matrix paley_one(int64_t q) {
  Matrix matrix = bordered_jacobsthal(q);
  const size_t n = static_cast<size_t>(q) + 1;
  for (size_t i = 1; i < n; ++i) {
    matrix[i] = 1;
    matrix[i * n] = -1;
  }
  for (size_t i = 0; i < n; ++i) matrix[i * n + i] = 1;
  return matrix;
}

// C ⊗ [[1,1],[1,−1]] + I ⊗ [[1,−1],[−1,−1]], C the symmetric conference matrix of order q + 1; order 2(q + 1), q ≡ 1 mod 4 (R. Paley,
// 1933).
Matrix paley_two(int64_t q) {
  Matrix conference = bordered_jacobsthal(q);
  const size_t n = static_cast<size_t>(q) + 1;
  for (size_t i = 1; i < n; ++i) conference[i] = conference[i * n] = 1;
  static constexpr int8_t off[2][2] = {{1, 1}, {1, -1}}, diagonal[2][2] = {{1, -1}, {-1, -1}};
  Matrix matrix(4 * n * n);
  for (size_t i = 0; i < 2 * n; ++i) {
    for (size_t j = 0; j < 2 * n; ++j) {
      const int8_t c = conference[i / 2 * n + j / 2];
      matrix[i * 2 * n + j] = i / 2 == j / 2 ? diagonal[i % 2][j % 2] : static_cast<int8_t>(c * off[i % 2][j % 2]);
    }
  }
  return matrix;
}

Matrix williamson(int64_t t) {
  const auto rows = williamson_rows(t);
  if (!rows) throw NumericError("Williamson(" + std::to_string(t) + "): expected the search to find four circulants, found none");
  return williamson_matrix(*rows);
}

Matrix kronecker(const Matrix& a, int64_t order_a, const Matrix& b, int64_t order_b) {
  const size_t na = static_cast<size_t>(order_a), nb = static_cast<size_t>(order_b), n = na * nb;
  Matrix matrix(n * n);
  for (size_t i = 0; i < n; ++i) {
    for (size_t j = 0; j < n; ++j) matrix[i * n + j] = static_cast<int8_t>(a[i / nb * na + j / nb] * b[i % nb * nb + j % nb]);
  }
  return matrix;
}

// Paley's and Williamson's matrices of order k.
std::vector<Factor> direct_factors(int64_t k) {
  std::vector<Factor> found;
  if (k < 4 || k % 4 != 0) return found;
  if ((k - 1) % 4 == 3 && prime_power(k - 1)) found.push_back({field_name("PaleyI", k - 1), [k] { return paley_one(k - 1); }});
  const int64_t q = k / 2 - 1;
  if (q % 4 == 1 && prime_power(q)) found.push_back({field_name("PaleyII", q), [q] { return paley_two(q); }});
  for (int64_t t : williamson_orders()) {
    if (4 * t == k) found.push_back({"Williamson(" + std::to_string(t) + ")", [t] { return williamson(t); }});
  }
  return found;
}

// The same and Kronecker products of two of them (a power of two beside one is the Sylvester part's business).
std::vector<Factor> factors_of_order(int64_t k) {
  std::vector<Factor> found = direct_factors(k);
  for (int64_t a = 12; a * a <= k; a += 4) {
    if (k % a != 0 || std::has_single_bit(static_cast<uint64_t>(a)) || std::has_single_bit(static_cast<uint64_t>(k / a))) continue;
    const std::vector<Factor> left = direct_factors(a), right = direct_factors(k / a);
    if (left.empty() || right.empty()) continue;
    found.push_back(
        {left[0].name + " x " + right[0].name, [k, a, l = left[0].build, r = right[0].build] { return kronecker(l(), a, r(), k / a); }});
  }
  return found;
}

std::string full_name(const std::string& factor, int64_t m) { return m == 1 ? factor : factor + " x Sylvester(" + std::to_string(m) + ")"; }

double log2_of(int64_t power_of_two) { return static_cast<double>(std::countr_zero(static_cast<uint64_t>(power_of_two))); }

HadamardConstruction describe(int64_t n, int64_t k, const std::string& factor) {
  HadamardConstruction c;
  c.order = n;
  c.factor_order = k;
  c.sylvester = n / k;
  c.name = k == 1 ? "Sylvester(" + std::to_string(n) + ")" : full_name(factor, c.sylvester);
  const double dense = k == 1 ? 0 : static_cast<double>(k) * static_cast<double>(n);
  c.adds_per_row = dense + static_cast<double>(n) * log2_of(c.sylvester);
  c.factor_bytes = k * k * 4;
  return c;
}

}  // namespace

std::vector<HadamardConstruction> hadamard_constructions(int64_t n) {
  std::vector<HadamardConstruction> found;
  if (n < 1) return found;
  if (std::has_single_bit(static_cast<uint64_t>(n))) return {describe(n, 1, "")};
  const int64_t odd = n >> std::countr_zero(static_cast<uint64_t>(n));
  for (int64_t k = 4 * odd; k <= std::min(n, kLargestFactor); k *= 2) {
    for (const Factor& factor : factors_of_order(k)) found.push_back(describe(n, k, factor.name));
  }
  std::stable_sort(found.begin(), found.end(),
                   [](const HadamardConstruction& a, const HadamardConstruction& b) { return a.adds_per_row < b.adds_per_row; });
  return found;
}

std::vector<int8_t> hadamard_factor(const HadamardConstruction& construction) {
  if (construction.factor_order == 1) return {1};
  for (const Factor& factor : factors_of_order(construction.factor_order)) {
    if (full_name(factor.name, construction.sylvester) == construction.name) return factor.build();
  }
  throw Error("Hadamard construction: expected one this program lists, found " + construction.name);
}

}  // namespace rolora
