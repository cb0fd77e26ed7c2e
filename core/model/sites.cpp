// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/sites.h"

#include <utility>

namespace rolora {

SiteKind input_site(LinearKind kind) {
  constexpr std::array<SiteKind, kLinearKinds> sites = {SiteKind::qkv_in,     SiteKind::qkv_in,     SiteKind::qkv_in, SiteKind::o_in,
                                                        SiteKind::gate_up_in, SiteKind::gate_up_in, SiteKind::down_in};
  return sites[static_cast<size_t>(kind)];
}

void Listeners::add(ListenerStage stage, std::shared_ptr<SiteListener> listener) {
  stages_[static_cast<size_t>(stage)].push_back(std::move(listener));
}

void Listeners::append(const Listeners& others) {
  for (size_t i = 0; i < stages_.size(); ++i) stages_[i].insert(stages_[i].end(), others.stages_[i].begin(), others.stages_[i].end());
}

at::Tensor Listeners::pass(const SiteVisit& where, at::Tensor x) const {
  for (const auto& stage : stages_) {
    for (const auto& listener : stage) x = listener->visit(where, x);
  }
  return x;
}

}  // namespace rolora
