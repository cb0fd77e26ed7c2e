// SPDX-License-Identifier: GPL-3.0-or-later
// The content of a small statistics file: two states of two layers, one outlier, one site kept whole.
#pragma once

#include <torch/types.h>

#include "core/statistics/statistics_file.h"
#include "tests/core/statistics/brute_force.h"
#include "tests/support/folders.h"

namespace rolora::test {

inline constexpr int64_t kWindows = 3, kWindow = 20, kOutlierToken = 33, kOutlierChannel = 7;

inline SiteStatistics site_of(int64_t layer, SiteKind kind, int64_t channels, uint64_t seed, bool keep) {
  const Matrix m = random_activations(kWindows, kWindow, channels, seed, kOutlierToken, kOutlierChannel);
  SiteAccumulator accumulator(LayerIndex(layer), kind, kWindow, {}, keep);
  accumulator.add(torch::tensor(m.values).view({kWindows, kWindow, channels}));
  return accumulator.finish();
}

inline StatisticsOfState state_of(const std::string& label, uint64_t seed) {
  StatisticsOfState s;
  s.state = label;
  s.model_hash = "hash of " + label;
  if (label != "plain") {
    s.rotation_checksum = "checksum";
    s.rotation = {{"r1", {{"kind", "hadamard"}}}};
  }
  s.result.windows = kWindows;
  s.result.context = kWindow;
  for (int64_t layer = 0; layer < 2; ++layer) {
    s.result.sites.push_back(site_of(layer, SiteKind::qkv_in, 10, seed + 10, false));
    s.result.sites.push_back(site_of(layer, SiteKind::down_in, 24, seed + static_cast<uint64_t>(layer), layer == 1));
  }
  s.result.linears.push_back(weight_statistics("model.layers.0.mlp.down_proj", torch::arange(12, torch::kFloat).view({3, 4}) - 5));
  return s;
}

inline StatisticsProvenance provenance() {
  StatisticsProvenance p;
  p.text = "chapters.txt";
  p.text_hash = "abc";
  p.corpus = "text";
  p.windows = kWindows;
  p.context = kWindow;
  p.dtype = "float32";
  p.device = "cpu";
  p.cpu_features = "avx2";
  p.threads = 2;
  p.seed = 11;
  return p;
}

inline const std::vector<StatisticsOfState>& states() {
  static const std::vector<StatisticsOfState> list = {state_of("plain", 1), state_of("rotated", 5)};
  return list;
}

inline TokenTexts texts() {
  return {torch::arange(kWindows * kWindow).view({kWindows, kWindow}) + 100, [](int64_t id) { return "▁" + std::to_string(id); }};
}

}  // namespace rolora::test
