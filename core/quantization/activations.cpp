// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/quantization/activations.h"

#include "core/kernels/fake_quant.h"
#include "core/quantization/weights.h"

namespace rolora {
namespace {

int64_t convention_code(ScaleConvention convention) { return convention == ScaleConvention::compressed_tensors ? 1 : 0; }

// Rounding is part of the definition (method §4): scales, division and the product back are fp32, also where the arithmetic around them is
// fp64, so that a wider run rounds by the same rule as the model that is shipped. Weights are treated alike.
at::Tensor fake_quantize(const at::Tensor& x, int bits, int64_t group, bool symmetric, double clip, ScaleConvention convention) {
  const at::Tensor narrow = x.scalar_type() == at::kDouble ? x.to(at::kFloat) : x;
  return kernels::fake_quantize(narrow, bits, group, symmetric, clip, convention_code(convention)).to(x.scalar_type());
}

class ActivationQuantizer final : public SiteListener {
 public:
  ActivationQuantizer(const QuantizationSpec& spec, const ModelConfig& config) : how_(spec.activations), kv_bits_(spec.kv_bits) {
    for (int64_t layer = 0; layer < config.layers; ++layer) {
      auto& sites = bits_.emplace_back();
      for (const LinearKind kind : kAllLinears) {
        const SiteKind site = input_site(kind);
        sites[static_cast<size_t>(site)] = site_bits(spec, config, LayerIndex(layer), site);
      }
    }
  }

  at::Tensor visit(const SiteVisit& where, const at::Tensor& x) override {
    switch (where.site) {
      case SiteKind::qkv_in:
      case SiteKind::o_in:
      case SiteKind::gate_up_in:
      case SiteKind::down_in:
        return quantize_activation(x, bits_.at(static_cast<size_t>(where.layer.value))[static_cast<size_t>(where.site)], how_);
      case SiteKind::k_out:
      case SiteKind::v_out:
        return kv_bits_ == kFullBits ? x : fake_quantize(x, kv_bits_, 0, /*symmetric=*/false, 1.0, ScaleConvention::quarot);
      default:
        return x;
    }
  }

 private:
  std::vector<std::array<int, 8>> bits_;  // by layer and SiteKind
  ActivationQuant how_;
  int kv_bits_;
};

}  // namespace

at::Tensor quantize_activation(const at::Tensor& x, int bits, const ActivationQuant& how) {
  if (bits == kFullBits) return x;
  return fake_quantize(x, bits, effective_group(x.size(-1), how.group), how.symmetric, how.clip, how.convention);
}

void attach_quantization(const QuantizationSpec& spec, const ModelConfig& config, Listeners& listeners) {
  if (spec.kv_bits == kFullBits && !quantizes_activations(spec, config)) return;
  listeners.add(ListenerStage::quantization, std::make_shared<ActivationQuantizer>(spec, config));
}

}  // namespace rolora
