// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/exports/online_transform.h"

#include <ATen/Functions.h>

#include <cmath>

#include "core/base/error.h"

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

// M·√n; of a Hadamard matrix exactly ±1.
at::Tensor unscaled(const OrthogonalMap& map) {
  const at::Tensor matrix = map.dense().mul_(std::sqrt(static_cast<double>(map.order)));
  const at::Tensor whole = matrix.round();
  const bool signs = (matrix - whole).abs().max().item<double>() < 1e-9 && whole.abs().eq(1).all().item<bool>();
  return (signs ? whole : matrix).to(at::kFloat);
}

// Sylvester's matrix on the last dimension by its recursion, unscaled.
at::Tensor sylvester(const at::Tensor& x) {
  const int64_t n = x.size(-1);
  if (n == 1) return x;
  const at::Tensor first = sylvester(x.narrow(-1, 0, n / 2)), second = sylvester(x.narrow(-1, n / 2, n / 2));
  return at::cat({first + second, first - second}, -1);
}

}  // namespace

OnlineTransform online_transform(const OrthogonalMap& r4, const ModelConfig& config) {
  OnlineTransform result;
  result.named = is_blocks_of_sylvester(r4);
  const int64_t blocks = r4.factor.size(0), order = result.named ? r4.sylvester : r4.order;
  std::string pattern = "re:.*";
  for (const char c : "." + tail_of_down(config)) pattern += c == '.' ? std::string("\\.") : std::string(1, c);
  Json scheme = {{"type", result.named ? "hadamard" : "random-hadamard"},
                 {"apply", {{{"targets", {pattern + "$"}}, {"location", "input"}, {"inverse", false}, {"ignore", Json::array()}}}},
                 {"randomize", false},
                 {"requires_grad", false},
                 {"head_dim", result.named && blocks > 1 ? Json(order) : Json(nullptr)}};
  result.config = {{"config_groups", {{kGroup, std::move(scheme)}}}};
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
  const at::Tensor matrix = stored_tensor(file, matrix_name(config), StoredType::F32, {order, order}).to(at::kDouble);
  return (blocks.matmul(matrix) * scale).view(x.sizes());
}

}  // namespace rolora
