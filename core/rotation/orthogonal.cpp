// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/rotation/orthogonal.h"

#include <ATen/Functions.h>
#include <ATen/Parallel.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdio>

#include "core/base/error.h"
#include "core/base/random.h"
#include "core/kernels/hadamard.h"
#include "core/model/tensor_store.h"
#include "core/rotation/hadamard.h"
#include "core/storage/sha256.h"

namespace rolora {
namespace {

constexpr std::array<std::string_view, 4> kKindNames = {"none", "hadamard", "orthogonal", "blocks"};
constexpr int64_t kPieceValues = int64_t{1} << 18;  // 2 MiB of fp64 are turned at a time: they stay in the cache

at::Tensor haar(int64_t n, Random& random) {
  at::Tensor gaussian = at::empty({n, n}, at::kDouble);
  double* values = gaussian.mutable_data_ptr<double>();
  for (int64_t i = 0; i < n * n; ++i) values[i] = random.normal();
  const auto [q, r] = at::linalg_qr(gaussian);
  const at::Tensor diagonal = r.diagonal();
  return (q * at::where(diagonal < 0, -at::ones_like(diagonal), at::ones_like(diagonal))).contiguous();
}

int64_t power_of_two_in(int64_t n) { return int64_t{1} << std::countr_zero(static_cast<uint64_t>(n)); }

void construct_hadamard(OrthogonalMap& map, Random& random) {
  const auto constructions = hadamard_constructions(map.order);
  if (!constructions.empty()) {
    const HadamardConstruction& cheapest = constructions.front();
    const std::vector<int8_t> k = hadamard_factor(cheapest);
    map.sylvester = cheapest.sylvester;
    map.factor = at::empty({cheapest.factor_order, cheapest.factor_order}, at::kDouble);
    for (size_t i = 0; i < k.size(); ++i) map.factor.mutable_data_ptr<double>()[i] = k[i];
    map.scale = 1 / std::sqrt(static_cast<double>(map.order));
    return;
  }
  map.sylvester = power_of_two_in(map.order);
  const int64_t odd = map.order / map.sylvester;
  map.factor = haar(odd, random);
  map.scale = 1 / std::sqrt(static_cast<double>(map.sylvester));
}

// I ⊗ Sylvester
void construct_blocks(OrthogonalMap& map, const std::string& purpose) {
  map.sylvester = power_of_two_in(map.order);
  if (map.sylvester == 1) {
    throw InputError(purpose, "blocks", "an even width (hadamard and orthogonal take any)", std::to_string(map.order));
  }
  const int64_t count = map.order / map.sylvester;
  map.factor = at::eye(count, at::kDouble);
  map.scale = 1 / std::sqrt(static_cast<double>(map.sylvester));
}

// The cheapest with that Sylvester part; empty when there is none.
std::string hadamard_name(int64_t order, int64_t sylvester) {
  for (const HadamardConstruction& c : hadamard_constructions(order)) {
    if (c.sylvester == sylvester) return c.name;
  }
  const int64_t factor = order / sylvester;
  if (factor % 2 == 0) return "";
  return "Haar(" + std::to_string(factor) + ")" + (sylvester > 1 ? " x Sylvester(" + std::to_string(sylvester) + ")" : "") +
         " [no construction here]";
}

// Pieces go to the threads whole: no thread waits for another inside one.
template <class Work>
void for_each_piece(int64_t total, int64_t other, const Work& work) {
  const int64_t piece = std::max<int64_t>(1, kPieceValues / other);
  at::parallel_for(0, (total + piece - 1) / piece, 1, [&](int64_t begin, int64_t end) {
    for (int64_t p = begin; p < end; ++p) work(p * piece, std::min(piece, total - p * piece));
  });
}

at::Tensor signs_like(const OrthogonalMap& map, const at::Tensor& x) { return map.signs.to(x.device(), x.scalar_type()); }

}  // namespace

std::string_view name_of(OrthogonalKind kind) { return kKindNames[static_cast<size_t>(kind)]; }

OrthogonalKind parse_orthogonal_kind(const std::string& name, const std::string& file, const std::string& key) {
  for (OrthogonalKind kind : {OrthogonalKind::none, OrthogonalKind::hadamard, OrthogonalKind::orthogonal, OrthogonalKind::blocks}) {
    if (name == name_of(kind)) return kind;
  }
  throw InputError(file, key, "hadamard, orthogonal, blocks or none", printable(name));
}

at::Tensor OrthogonalMap::apply(const at::Tensor& x) const {
  const at::Tensor flipped = signed_rows ? x * signs_like(*this, x) : x;
  return kernels::kronecker_hadamard(flipped, factor.to(x.device()), sylvester, scale);
}

at::Tensor OrthogonalMap::apply_transposed(const at::Tensor& x) const {
  const at::Tensor y = kernels::kronecker_hadamard(x, factor.to(x.device()), sylvester, scale, /*transpose_factor=*/true);
  return signed_rows ? y * signs_like(*this, y) : y;
}

OrthogonalMap OrthogonalMap::prepared(const Compute& compute) const {
  OrthogonalMap map = *this;
  if (kind == OrthogonalKind::none) return map;
  map.factor = factor.to(compute.device, compute.type == at::kDouble ? at::kDouble : at::kFloat);
  map.signs = signs.to(compute.device, compute.type);
  return map;
}

at::Tensor OrthogonalMap::dense() const { return apply(at::eye(order, at::kDouble)); }

std::string construction_name(OrthogonalKind kind, int64_t order, int64_t sylvester) {
  if (kind == OrthogonalKind::hadamard) return hadamard_name(order, sylvester);
  if (kind == OrthogonalKind::orthogonal) return "Haar(" + std::to_string(order) + ")";
  if (kind == OrthogonalKind::none) return "";
  const std::string one = "Sylvester(" + std::to_string(sylvester) + ")";
  return order == sylvester ? one : std::to_string(order / sylvester) + " blocks of " + one;
}

at::Tensor random_signs_of(int64_t order, uint64_t seed, const std::string& purpose) {
  Random random(seed, "rotation " + purpose + " signs");
  at::Tensor signs = at::empty({order}, at::kChar);
  for (int64_t i = 0; i < order; ++i) signs.mutable_data_ptr<int8_t>()[i] = static_cast<int8_t>(random.sign());
  return signs;
}

std::string checksum_of(const OrthogonalMap& map) {
  char scale[40];
  std::snprintf(scale, sizeof scale, "%a", map.scale);
  Sha256 sum;
  sum.add(std::string(name_of(map.kind)) + " order " + std::to_string(map.order) + " sylvester " + std::to_string(map.sylvester) +
          " scale " + scale + "\n");
  if (map) {
    sum.add(bytes_of_tensor(map.signs));
    sum.add(bytes_of_tensor(map.factor));
  }
  return sum.hex();
}

OrthogonalMap make_orthogonal(OrthogonalKind kind, int64_t order, uint64_t seed, const std::string& purpose, bool random_signs) {
  OrthogonalMap map;
  if (kind == OrthogonalKind::none) return map;
  map.kind = kind;
  map.order = order;
  map.seed = seed;
  Random matrix(seed, "rotation " + purpose + " matrix");
  map.signs = at::ones({order}, at::kChar);
  if (kind == OrthogonalKind::orthogonal) {
    map.factor = haar(order, matrix);
  } else if (kind == OrthogonalKind::blocks) {
    construct_blocks(map, purpose);
  } else {
    construct_hadamard(map, matrix);
    map.signed_rows = random_signs;
    if (random_signs) map.signs = random_signs_of(order, seed, purpose);
  }
  map.construction = construction_name(kind, order, map.sylvester);
  map.checksum = checksum_of(map);
  return map;
}

at::Tensor rotate_rows(const at::Tensor& w, const OrthogonalMap& map, const at::Tensor& gain, at::ScalarType type) {
  at::Tensor result = at::empty(w.sizes(), w.options().dtype(type));
  at::Tensor factors = gain;  // gain and signs in one
  if (map.signed_rows) factors = gain.defined() ? gain * map.signs : map.signs.to(at::kDouble);
  for_each_piece(w.size(0), w.size(1), [&](int64_t first, int64_t count) {
    at::Tensor part = w.narrow(0, first, count).to(at::kDouble, /*non_blocking=*/false, /*copy=*/true);
    if (factors.defined()) part.mul_(factors);
    result.narrow(0, first, count).copy_(kernels::kronecker_hadamard(part, map.factor, map.sylvester, map.scale));
  });
  return result;
}

at::Tensor rotate_columns(const at::Tensor& w, const OrthogonalMap& map, at::ScalarType type) {
  at::Tensor result = at::empty(w.sizes(), w.options().dtype(type));
  for_each_piece(w.size(1), w.size(0), [&](int64_t first, int64_t count) {
    at::Tensor turned = at::empty({count, w.size(0)}, w.options().dtype(at::kDouble));
    turned.copy_(w.narrow(1, first, count).t());
    if (map.signed_rows) turned.mul_(map.signs);
    result.narrow(1, first, count).copy_(kernels::kronecker_hadamard(turned, map.factor, map.sylvester, map.scale).t());
  });
  return result;
}

}  // namespace rolora
