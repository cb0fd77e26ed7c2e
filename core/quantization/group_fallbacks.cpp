// SPDX-License-Identifier: GPL-3.0-or-later
// Where the asked group does not divide a width, told truthfully: per linear, per site, and in a line for people.
#include "core/model/sites.h"
#include "core/quantization/spec.h"

namespace rolora {
namespace {

// "group 32 does not divide the width of down_proj (172), up_proj (80): 5 linears …"; each kind is named once.
class Notice {
 public:
  void add(std::string_view kind, int64_t width) {
    ++count_;
    const std::string item = std::string(kind) + " (" + std::to_string(width) + ")";
    if (kinds_.find(item) == std::string::npos) kinds_ += (kinds_.empty() ? "" : ", ") + item;
  }
  void tell(const std::string& what, int64_t group, const std::string& who, const std::string& instead,
            std::vector<std::string>& notices) const {
    if (count_ == 0) return;
    notices.push_back(what + " " + std::to_string(group) + " does not divide the width of " + kinds_ + ": " + std::to_string(count_) + " " +
                      who + (count_ == 1 ? " is" : "s are") + " quantized " + instead);
  }

 private:
  std::string kinds_;
  int64_t count_ = 0;
};

}  // namespace

GroupFallbacks group_fallbacks(const QuantizationSpec& spec, const ModelConfig& config) {
  GroupFallbacks found;
  Notice weights, inputs;
  for (int64_t index = 0; index < config.layers; ++index) {
    const LayerIndex layer(index);
    std::string last;  // q, k, v and gate, up share a site and follow each other
    for (const LinearKind kind : kAllLinears) {
      const LinearBits bits = bits_of(spec, config, layer, kind);
      const int64_t width = linear_shape(config, kind).in;
      if (bits.weights != kFullBits && group_falls_back(width, spec.weights.group)) {
        found.linears.push_back(linear_name(*config.family, layer, kind));
        weights.add(target_name(kind), width);
      }
      const std::string site = site_name(layer, input_site(kind));
      if (site != last && bits.activations != kFullBits && group_falls_back(width, spec.activations.group)) {
        found.sites.push_back(site);
        inputs.add(name_of(input_site(kind)), width);
      }
      last = site;
    }
  }
  weights.tell("group", spec.weights.group, "linear", "per output channel", found.notices);
  inputs.tell("activation group", spec.activations.group, "input", "per token", found.notices);
  return found;
}

}  // namespace rolora
