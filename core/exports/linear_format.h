// SPDX-License-Identifier: GPL-3.0-or-later
// How one quantized linear lies in another library's folder.
#pragma once

#include <ATen/core/Tensor.h>

#include <string>
#include <vector>

#include "core/exports/whole_linears.h"
#include "core/storage/safetensors.h"

namespace rolora {

class LinearFormat {
 public:
  virtual ~LinearFormat() = default;
  virtual std::vector<SafetensorsWriter::Declared> declared(const WholeLinear& linear) const = 0;
  /// Contiguous, in the declared order.
  virtual std::vector<at::Tensor> tensors(const WholeLinear& linear, const QuantizedWeight& weight) const = 0;
  /// fp32 [out, in] as the library that owns the format computes it, from the file alone. InputError for what is not of the format.
  virtual at::Tensor dequantized(const TensorStore& file, const WholeLinear& linear) const = 0;
};

/// A copy of a tensor of this type and shape; InputError for another.
at::Tensor stored_tensor(const TensorStore& file, const std::string& name, StoredType type, const std::vector<int64_t>& shape);

}  // namespace rolora
