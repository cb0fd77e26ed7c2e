// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/finetune/parameters.h"

#include <ATen/ATen.h>

namespace rolora {
namespace {

constexpr int64_t kAlignedElements = 16;  // 64 bytes of fp32, what vectorised loops like

int64_t aligned(int64_t n) { return (n + kAlignedElements - 1) / kAlignedElements * kAlignedElements; }

}  // namespace

ParameterSet::ParameterSet(const std::vector<std::pair<std::string, at::Tensor>>& initial, at::ScalarType type, at::Device device) {
  int64_t size = 0;
  for (const auto& [name, value] : initial) size += aligned(value.numel());
  flat_ = at::zeros({size}, at::TensorOptions().dtype(type).device(device));
  gradient_ = at::zeros_like(flat_);
  int64_t offset = 0;
  for (const auto& [name, value] : initial) {
    const at::Tensor place = flat_.narrow(0, offset, value.numel()).view(value.sizes());
    place.copy_(value.detach());
    at::Tensor leaf = place.detach();
    leaf.set_requires_grad(true);
    leaf.mutable_grad() = gradient_.narrow(0, offset, value.numel()).view(value.sizes());
    names_.push_back(name);
    leaves_.emplace(name, leaf);
    offset += aligned(value.numel());
    count_ += value.numel();
  }
}

void ParameterSet::zero_gradient() { gradient_.zero_(); }

}  // namespace rolora
