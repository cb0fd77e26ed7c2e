// SPDX-License-Identifier: GPL-3.0-or-later
// Everything that is trained lies in one flat buffer, its gradient in another: one optimizer step is a handful of whole-buffer operations,
// the gradient norm one reduction, a checkpoint one tensor each.
#pragma once

#include <ATen/core/Tensor.h>

#include <map>
#include <string>
#include <utility>
#include <vector>

namespace rolora {

class ParameterSet {
 public:
  /// Copies the initial values, in this order, into a buffer of the given type. Each parameter starts on a 64-byte boundary (zeros
  /// between).
  ParameterSet(const std::vector<std::pair<std::string, at::Tensor>>& initial, at::ScalarType type, at::Device device);
  const std::vector<std::string>& names() const { return names_; }
  /// The parameter as a leaf of the autograd graph whose gradient accumulates into gradient().
  const at::Tensor& operator[](const std::string& name) const { return leaves_.at(name); }
  const at::Tensor& flat() const { return flat_; }          // [n]
  const at::Tensor& gradient() const { return gradient_; }  // [n]
  void zero_gradient();
  /// Number of trained values (without the padding).
  int64_t count() const { return count_; }

 private:
  std::vector<std::string> names_;
  std::map<std::string, at::Tensor> leaves_;
  at::Tensor flat_, gradient_;
  int64_t count_ = 0;
};

}  // namespace rolora
