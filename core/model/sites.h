// SPDX-License-Identifier: GPL-3.0-or-later
// The places of the forward pass where something can listen, and the listeners' order.
//
// qkv_in, o_in, gate_up_in and down_in are what a weight matrix is multiplied with. Listeners attach to them in three stages, always in
// this order: online rotation (changes the tensor: R4 at down_in, R3 at q_out and k_out), observation (sees what comes out of the first
// stage: statistics, Hessians), quantization (changes the tensor: fake-quantized activations, KV cache).
#pragma once

#include <ATen/core/Tensor.h>

#include <array>
#include <memory>
#include <vector>

#include "core/base/index.h"
#include "core/base/site.h"
#include "core/model/family.h"

namespace rolora {

/// The site whose tensor a linear reads.
SiteKind input_site(LinearKind kind);

struct SiteVisit {
  LayerIndex layer;
  SiteKind site;
  WindowIndex first_window;  ///< index of row 0 of the batch within the text
};

class SiteListener {
 public:
  virtual ~SiteListener() = default;
  /// x is [B, T, C]; for q_out, k_out and v_out [B, T, heads, head_dim]. Returns the tensor that goes on, of the same shape (observers
  /// return x).
  virtual at::Tensor visit(const SiteVisit& where, const at::Tensor& x) = 0;
};

enum class ListenerStage { rotation, observation, quantization };

/// The listeners of one run. Copyable; shares its listeners.
class Listeners {
 public:
  void add(ListenerStage stage, std::shared_ptr<SiteListener> listener);
  /// Adds all listeners of another set, each behind those already in its stage.
  void append(const Listeners& others);
  at::Tensor pass(const SiteVisit& where, at::Tensor x) const;

 private:
  std::array<std::vector<std::shared_ptr<SiteListener>>, 3> stages_;
};

}  // namespace rolora
