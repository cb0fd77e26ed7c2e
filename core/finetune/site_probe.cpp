// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/finetune/site_probe.h"

#include <ATen/ATen.h>

#include <algorithm>

namespace rolora {
namespace {

bool is_linear_input(SiteKind site) {
  return site == SiteKind::qkv_in || site == SiteKind::o_in || site == SiteKind::gate_up_in || site == SiteKind::down_in;
}

// m4/m2² from raw power sums.
double kurtosis(double n, const std::array<double, 4>& s) {
  const double mean = s[0] / n, e2 = s[1] / n, e3 = s[2] / n, e4 = s[3] / n;
  const double m2 = e2 - mean * mean;
  const double m4 = e4 - 4 * mean * e3 + 6 * mean * mean * e2 - 3 * mean * mean * mean * mean;
  return m2 > 0 ? m4 / (m2 * m2) : 0;
}

}  // namespace

void SiteProbe::begin(bool active) {
  active_ = active;
  sums_.clear();
}

at::Tensor SiteProbe::visit(const SiteVisit& where, const at::Tensor& x) {
  if (!active_ || !is_linear_input(where.site)) return x;
  const at::NoGradGuard no_gradient;
  const at::Tensor flat = x.detach().reshape({-1, x.size(-1)});
  const at::Tensor seen = (rows_.defined() ? flat.index_select(0, rows_) : flat).to(at::kDouble);
  Sums& sums = sums_[site_name(where.layer, where.site)];
  sums.count += static_cast<double>(seen.numel());
  at::Tensor power = seen;
  for (size_t i = 0; i < sums.powers.size(); ++i) {
    sums.powers[i] += power.sum().item<double>();
    if (i + 1 < sums.powers.size()) power = power * seen;
  }
  sums.absmax = std::max(sums.absmax, seen.abs().max().item<double>());
  return x;
}

Json SiteProbe::result() const {
  if (sums_.empty()) return {};
  Json out = Json::object();
  for (const auto& [name, sums] : sums_) out[name] = {{"kurtosis", kurtosis(sums.count, sums.powers)}, {"absmax", sums.absmax}};
  return out;
}

}  // namespace rolora
