// SPDX-License-Identifier: GPL-3.0-or-later
// How one quantized linear lies in another library's folder.
#pragma once

#include <ATen/core/Tensor.h>

#include <set>
#include <string>
#include <vector>

#include "core/exports/whole_linears.h"
#include "core/storage/safetensors.h"

namespace rolora {

struct IdleTensor {
  std::string name;
  std::vector<int64_t> shape;
  std::string why;  ///< what it could not mean if it held other values
};

class LinearFormat {
 public:
  virtual ~LinearFormat() = default;
  virtual std::vector<SafetensorsWriter::Declared> declared(const WholeLinear& linear) const = 0;
  /// Contiguous, in the declared order.
  virtual std::vector<at::Tensor> tensors(const WholeLinear& linear, const QuantizedWeight& weight) const = 0;
  /// What a file must hold of a linear: the declared ones, less those that this file leaves out where the format does without.
  virtual std::vector<SafetensorsWriter::Declared> expected(const TensorStore& /*file*/, const WholeLinear& linear) const {
    return declared(linear);
  }
  /// Tensors that some writers add to a linear though they say nothing, since they hold zeros alone; of any type.
  virtual std::vector<IdleTensor> idle(const WholeLinear& /*linear*/) const { return {}; }
  /// fp32 [out, in] as the library that owns the format computes it, from the file alone. InputError for what is not of the format.
  virtual at::Tensor dequantized(const TensorStore& file, const WholeLinear& linear) const = 0;
  /// How the format's settings quantize a linear [out, in] of this name; bits 16 for one that they leave. InputError where they do not fit.
  virtual WeightLayout layout(const std::string& linear, int64_t out, int64_t in) const = 0;
  /// 16 where the linear's input is not quantized.
  virtual int activation_bits(const std::string& /*linear*/) const { return kFullBits; }
  /// InputError when the settings speak of modules beyond these linears: of the `others` (the head, the embedding, whole attention blocks)
  /// or of names that the model has not.
  virtual void require_linears_alone(const std::set<std::string>& linears, const std::vector<std::string>& others) const = 0;
};

/// Scales of any floating-point type as fp32; InputError for another shape and values that are not finite.
at::Tensor stored_scales(const TensorStore& file, const std::string& name, const std::vector<int64_t>& shape);
/// InputError for a tensor that is missing or of another type or shape.
void expect_stored(const TensorStore& file, const std::string& name, StoredType type, const std::vector<int64_t>& shape);
/// A copy of such a tensor.
at::Tensor stored_tensor(const TensorStore& file, const std::string& name, StoredType type, const std::vector<int64_t>& shape);

}  // namespace rolora
