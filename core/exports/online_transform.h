// SPDX-License-Identifier: GPL-3.0-or-later
// R4 as the transform_config of compressed-tensors says it: down_proj's input is turned while the model runs.
#pragma once

#include <ATen/core/Tensor.h>

#include <optional>
#include <string>

#include "core/exports/exported_folder.h"
#include "core/rotation/orthogonal.h"

namespace rolora {

inline constexpr double kTransformBound = 1e-6;  ///< of transform_error()

struct OnlineTransform {
  Json config;                     ///< of quantization_config's key "transform_config"
  std::vector<NamedTensor> extra;  ///< the matrix, where no name says it
  std::string described;           ///< "a Sylvester Hadamard matrix of order 256 on each block of 256 channels"
  bool named = false;
};

/// y = x M. Blocks of Sylvester's matrix without signs are type "hadamard" (with head_dim where the width is several blocks); any other
/// matrix is type "random-hadamard" with M·√n stored once, fp32, at the first layer, where the library's models share it. Only the part
/// that is online is said: the weights carry the inverse already.
OnlineTransform online_transform(const OrthogonalMap& r4, const ModelConfig& config);
/// Its `config` alone, and the name of its matrix, where it stores one.
Json online_transform_config(const OrthogonalMap& r4, const ModelConfig& config);
std::optional<std::string> online_transform_tensor(const OrthogonalMap& r4, const ModelConfig& config);

/// What a transform_config does to x [rows, width] in fp64, computed from config and file alone.
at::Tensor transformed(const Json& transform_config, const TensorStore& file, const ModelConfig& config, const at::Tensor& x);
/// Relative difference between that and R4 on a few seeded rows.
double transform_error(const Json& transform_config, const TensorStore& file, const ModelConfig& config, const OrthogonalMap& r4);

}  // namespace rolora
