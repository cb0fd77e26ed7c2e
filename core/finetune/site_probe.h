// SPDX-License-Identifier: GPL-3.0-or-later
// Kurtosis and maximum of every linear's input while training: the paper's claim that tuning a rotated model keeps activations free of
// outliers, watched as it happens.
#pragma once

#include <array>
#include <map>
#include <string>

#include "core/model/sites.h"
#include "core/storage/json_file.h"

namespace rolora {

/// Observes qkv_in, o_in, gate_up_in and down_in of the steps that are asked for; power sums in fp64, per tensor over all elements.
class SiteProbe final : public SiteListener {
 public:
  at::Tensor visit(const SiteVisit& where, const at::Tensor& x) override;
  /// Starts afresh (`active`) or stops looking.
  void begin(bool active);
  /// Rows of the flattened [B·T] that the next forward's statistics are taken over.
  void look_at(at::Tensor rows) { rows_ = std::move(rows); }
  /// "layers.0.qkv_in" → {"kurtosis": m4/m2² about the mean, biased, "absmax"}; null when nothing was seen.
  Json result() const;

 private:
  struct Sums {
    double count = 0;
    std::array<double, 4> powers = {};  ///< Σx … Σx⁴
    double absmax = 0;
  };
  bool active_ = false;
  at::Tensor rows_;
  std::map<std::string, Sums> sums_;
};

}  // namespace rolora
