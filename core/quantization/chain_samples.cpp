// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/quantization/chain_samples.h"

#include "core/quantization/activations.h"

namespace rolora {

// Stands where observers stand: behind online rotations, in front of rounding.
class ChainSamples::Recorder final : public SiteListener {
 public:
  at::Tensor visit(const SiteVisit& where, const at::Tensor& x) override {
    if (where.site == wanted) seen = x;
    return x;
  }
  SiteKind wanted = SiteKind::qkv_in;
  at::Tensor seen;
};

ChainSamples::ChainSamples(const ModelSource& source, const at::Tensor& windows, const QuantizationSpec& spec, const Listeners& listeners,
                           const RopeTables& rope, const Compute& compute)
    : config_(source.config()), rope_(rope), recorder_(std::make_shared<Recorder>()), listeners_(listeners) {
  listeners_.add(ListenerStage::observation, recorder_);
  attach_quantization(spec, config_, listeners_);
  for (int64_t w = 0; w < windows.size(0); ++w) streams_.push_back(source.embed(windows.narrow(0, w, 1), compute));
  before_.resize(streams_.size());
  after_.resize(streams_.size());
}

void ChainSamples::reach(SiteKind site, LayerIndex layer, const LayerWeights& weights) {
  recorder_->wanted = site;
  for (size_t w = 0; w < streams_.size(); ++w) {
    const LayerForward forward(config_, layer, weights, listeners_, WindowIndex(static_cast<int64_t>(w)));
    at::Tensor& x = after_[w];
    if (site == SiteKind::qkv_in) {
      x = forward.qkv_input(streams_[w]);
    } else if (site == SiteKind::o_in) {
      x = forward.attention(x, rope_);
    } else if (site == SiteKind::gate_up_in) {
      streams_[w] = forward.add_attention(streams_[w], x);
      x = forward.gate_up_input(streams_[w]);
    } else {
      x = forward.down_input(x);
    }
    before_[w] = std::move(recorder_->seen);
  }
}

void ChainSamples::leave(LayerIndex layer, const LayerWeights& weights) {
  for (size_t w = 0; w < streams_.size(); ++w) {
    const LayerForward forward(config_, layer, weights, listeners_, WindowIndex(static_cast<int64_t>(w)));
    streams_[w] = forward.add_mlp(streams_[w], after_[w]);
    after_[w].reset();
    before_[w].reset();
  }
}

at::Tensor ChainSamples::before(size_t window) const { return before_.at(window).reshape({-1, before_[window].size(-1)}); }
at::Tensor ChainSamples::after(size_t window) const { return after_.at(window).reshape({-1, after_[window].size(-1)}); }

}  // namespace rolora
