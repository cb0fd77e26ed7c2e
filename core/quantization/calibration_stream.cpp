// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/quantization/calibration_stream.h"

#include <ATen/Functions.h>

#include <algorithm>

namespace rolora {

CalibrationStream::CalibrationStream(const ModelSource& source, const at::Tensor& windows, const Listeners& listeners,
                                     const RopeTables& rope, const Compute& compute, int64_t batch_tokens, Monitor& monitor)
    : config_(source.config()), listeners_(listeners), rope_(rope), monitor_(monitor) {
  const int64_t count = windows.size(0), tokens = windows.size(1);
  batch_ = std::clamp<int64_t>(batch_tokens / tokens, 1, count);
  stream_ = at::empty({count, tokens, config_.hidden}, at::TensorOptions().dtype(compute.type).device(compute.device));
  for (int64_t w = 0; w < count; ++w) stream_.select(0, w).copy_(source.embed(windows.select(0, w), compute));
}

template <class Work>
void CalibrationStream::for_each_batch(LayerIndex layer, const LayerWeights& weights, const Work& work) {
  for (int64_t first = 0; first < stream_.size(0); first += batch_) {
    throw_if_stopped(monitor_);
    const int64_t count = std::min(batch_, stream_.size(0) - first);
    const LayerForward forward(config_, layer, weights, listeners_, WindowIndex(first));
    at::Tensor h = stream_.narrow(0, first, count);
    work(forward, first, h);
  }
}

void CalibrationStream::reach(SiteKind site, LayerIndex layer, const LayerWeights& weights, HessianSum* sum) {
  if (site == SiteKind::o_in) {
    o_ = at::empty({stream_.size(0), stream_.size(1), config_.heads * config_.head_dim}, stream_.options());
  }
  if ((site == SiteKind::qkv_in || site == SiteKind::down_in) && sum == nullptr) return;  // nothing moves on the way to these
  for_each_batch(layer, weights, [&](const LayerForward& forward, int64_t first, at::Tensor& h) {
    at::Tensor x;
    if (site == SiteKind::qkv_in) {
      x = forward.qkv_input(h);
    } else if (site == SiteKind::o_in) {
      x = forward.attention(forward.qkv_input(h), rope_);
      o_.narrow(0, first, h.size(0)).copy_(x);
    } else if (site == SiteKind::gate_up_in) {
      h.copy_(forward.add_attention(h, o_.narrow(0, first, h.size(0))));
      if (sum != nullptr) x = forward.gate_up_input(h);
    } else {
      x = forward.down_input(forward.gate_up_input(h));
    }
    if (sum != nullptr) sum->add(x);
  });
  if (site == SiteKind::gate_up_in) o_.reset();
}

void CalibrationStream::leave(LayerIndex layer, const LayerWeights& weights) {
  for_each_batch(layer, weights, [&](const LayerForward& forward, int64_t, at::Tensor& h) {
    h.copy_(forward.add_mlp(h, forward.down_input(forward.gate_up_input(h))));
  });
}

}  // namespace rolora
