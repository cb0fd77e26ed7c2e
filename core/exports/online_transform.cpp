// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/exports/online_transform.h"

#include <ATen/Functions.h>

#include <algorithm>
#include <cmath>

#include "core/base/error.h"
#include "core/base/random.h"

namespace rolora {
namespace {

constexpr const char* kGroup = "R4";  // the library calls the matrix of a module R4_input

std::string tail_of_down(const ModelConfig& config) { return std::string(config.family->linears[static_cast<size_t>(LinearKind::down)]); }

std::string matrix_name(const ModelConfig& config) {
  return layer_tensor(*config.family, LayerIndex(0), tail_of_down(config)) + "." + kGroup + "_input.weight";
}

// I ⊗ Sylvester(m), nothing else?
bool is_blocks_of_sylvester(const OrthogonalMap& map) {
  if (map.signed_rows || map.scale != 1 / std::sqrt(static_cast<double>(map.sylvester))) return false;
  return at::equal(map.factor, at::eye(map.factor.size(0), at::kDouble));
}

constexpr int64_t kSliceRows = 256;  // of fp64 matrices as wide as the model's widest: tens of megabytes

// M·√n; of a Hadamard matrix exactly ±1.
at::Tensor unscaled(const OrthogonalMap& map) {
  const double n = static_cast<double>(map.order);
  const bool signs = map.factor.abs().eq(1).all().item<bool>() && map.scale == 1 / std::sqrt(n);
  at::Tensor matrix = at::empty({map.order, map.order}, at::kFloat);
  for (int64_t first = 0; first < map.order; first += kSliceRows) {
    const int64_t rows = std::min(kSliceRows, map.order - first);
    at::Tensor unit = at::zeros({rows, map.order}, at::kDouble);
    unit.narrow(1, first, rows).diagonal().fill_(1);
    at::Tensor slice = map.apply(unit).mul_(std::sqrt(n));
    matrix.narrow(0, first, rows).copy_(signs ? slice.round_() : slice);
  }
  return matrix;
}

// Sylvester's matrix on the last dimension by its recursion, unscaled.
at::Tensor sylvester(const at::Tensor& x) {
  const int64_t n = x.size(-1);
  if (n == 1) return x;
  const at::Tensor first = sylvester(x.narrow(-1, 0, n / 2)), second = sylvester(x.narrow(-1, n / 2, n / 2));
  return at::cat({first + second, first - second}, -1);
}

}  // namespace

Json online_transform_config(const OrthogonalMap& r4, const ModelConfig& config) {
  const bool named = is_blocks_of_sylvester(r4);
  const Json head_dim = named && r4.factor.size(0) > 1 ? Json(r4.sylvester) : Json(nullptr);
  std::string pattern = "re:.*";
  for (const char c : "." + tail_of_down(config)) pattern += c == '.' ? std::string("\\.") : std::string(1, c);
  Json scheme = {{"type", named ? "hadamard" : "random-hadamard"},
                 {"apply", {{{"targets", {pattern + "$"}}, {"location", "input"}, {"inverse", false}, {"ignore", Json::array()}}}},
                 {"randomize", false},
                 {"requires_grad", false},
                 {"head_dim", head_dim}};
  return {{"config_groups", {{kGroup, std::move(scheme)}}}};
}

std::optional<std::string> online_transform_tensor(const OrthogonalMap& r4, const ModelConfig& config) {
  return is_blocks_of_sylvester(r4) ? std::nullopt : std::optional(matrix_name(config));
}

OnlineTransform online_transform(const OrthogonalMap& r4, const ModelConfig& config) {
  OnlineTransform result;
  result.named = is_blocks_of_sylvester(r4);
  result.config = online_transform_config(r4, config);
  const int64_t blocks = r4.factor.size(0), order = result.named ? r4.sylvester : r4.order;
  if (result.named) {
    result.described = "Sylvester's Hadamard matrix of order " + std::to_string(order) +
                       (blocks > 1 ? ", on each of " + std::to_string(blocks) + " blocks of channels" : "") + ", by its name";
  } else {
    result.extra = {{matrix_name(config), unscaled(r4)}};
    result.described = r4.construction + " of order " + std::to_string(order) + ", its matrix stored as " + matrix_name(config);
  }
  return result;
}

at::Tensor transformed(const Json& transform_config, const TensorStore& file, const ModelConfig& config, const at::Tensor& x) {
  const JsonObject root(transform_config, file.listing().string(), "transform_config");
  const JsonObject scheme = root.object("config_groups").object(kGroup);
  const int64_t order = scheme.integer_or("head_dim", config.intermediate, 1, config.intermediate);
  const at::Tensor blocks = x.to(at::kDouble).view({x.size(0), -1, order});
  const double scale = 1 / std::sqrt(static_cast<double>(order));
  if (scheme.string("type") == "hadamard") return (sylvester(blocks) * scale).view(x.sizes());
  const std::string name = matrix_name(config);
  expect_stored(file, name, StoredType::F32, {order, order});
  const at::Tensor matrix = file.view(name);
  at::Tensor y = at::zeros_like(blocks);
  for (int64_t first = 0; first < order; first += kSliceRows) {
    const int64_t rows = std::min(kSliceRows, order - first);
    y += blocks.narrow(-1, first, rows).matmul(matrix.narrow(0, first, rows).to(at::kDouble));
  }
  file.release(name);
  return (y * scale).view(x.sizes());
}

double transform_error(const Json& transform_config, const TensorStore& file, const ModelConfig& config, const OrthogonalMap& r4) {
  Random random(0, "transform probe");
  at::Tensor probe = at::empty({4, config.intermediate}, at::kDouble);
  for (int64_t i = 0; i < probe.numel(); ++i) probe.mutable_data_ptr<double>()[i] = random.normal();
  const at::Tensor expected = r4.apply(probe);
  return ((transformed(transform_config, file, config, probe) - expected).norm() / expected.norm()).item<double>();
}

}  // namespace rolora
