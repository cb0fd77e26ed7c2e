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
#include <string>
#include <string_view>
#include <vector>

#include "core/base/index.h"
#include "core/model/family.h"

namespace rolora {

enum class SiteKind { qkv_in, o_in, gate_up_in, down_in, q_out, k_out, v_out, residual_in };
inline constexpr std::array<SiteKind, 7> kReportedSites = {SiteKind::residual_in, SiteKind::qkv_in,     SiteKind::k_out,  SiteKind::v_out,
                                                           SiteKind::o_in,        SiteKind::gate_up_in, SiteKind::down_in};
std::string_view name_of(SiteKind kind);                 ///< "qkv_in"
std::string site_name(LayerIndex layer, SiteKind kind);  ///< "layers.0.qkv_in"
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
