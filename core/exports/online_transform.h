// SPDX-License-Identifier: GPL-3.0-or-later
// R4 as the transform_config of compressed-tensors says it: down_proj's input is turned while the model runs.
#pragma once

#include <ATen/core/Tensor.h>

#include <string>

#include "core/exports/exported_folder.h"
#include "core/rotation/orthogonal.h"

namespace rolora {

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

/// What a transform_config does to x [rows, width] in fp64, computed from config and file alone.
at::Tensor transformed(const Json& transform_config, const TensorStore& file, const ModelConfig& config, const at::Tensor& x);

}  // namespace rolora
