// SPDX-License-Identifier: GPL-3.0-or-later
// Ways to drive the forward pass: layer by layer over many windows (never the whole model), or whole and resident (training, generation,
// logits).
#pragma once

#include <ATen/core/Tensor.h>

#include <functional>
#include <memory>
#include <vector>

#include "core/base/monitor.h"
#include "core/model/forward.h"

namespace rolora {

/// How a layer-wise pass is cut. The residual stream of one group of windows is what memory holds: group_bytes caps it (more windows than
/// that are run group after group, each loading the layers anew).
struct PassOptions {
  Compute compute;
  int64_t batch_tokens = 4096;                ///< tokens that go through a layer at a time
  uint64_t group_bytes = 1ull << 30;          ///< cap of the residual stream held
  WindowIndex first_window = WindowIndex(0);  ///< index that listeners and `finish` see for row 0 of the windows
};

/// Runs windows [W, T] (int64 ids) through every layer, without gradients. Progress counts batches through layers. `finish(first_window,
/// h)` is called with the final residual stream of consecutive windows, h [B, T, d] before the final norm; omit it when only listeners
/// matter. The source's own listeners are attached first.
void run_layerwise(const ModelSource& source, const at::Tensor& windows, Listeners listeners, const PassOptions& options, Monitor& monitor,
                   std::string_view stage, const std::function<void(WindowIndex, const at::Tensor&)>& finish = nullptr);

/// A model whose layers are all loaded: for training, generation and single prompts.
class ResidentModel {
 public:
  ResidentModel(const ModelSource& source, const Compute& compute);
  const ModelConfig& config() const { return config_; }
  const Compute& compute() const { return compute_; }
  std::vector<LayerWeights>& layers() { return layers_; }
  const std::vector<LayerWeights>& layers() const { return layers_; }
  at::Tensor& embedding() { return embedding_; }    // [V, d]
  at::Tensor& final_norm() { return final_norm_; }  // [d]
  at::Tensor& head() { return head_; }              // [V, d]; the same tensor as embedding when tied
  Listeners& listeners() { return listeners_; }
  /// ids [B, T] → residual stream before the final norm [B, T, d].
  at::Tensor hidden(const at::Tensor& ids, WindowIndex first_window = WindowIndex(0)) const;
  at::Tensor logits(const at::Tensor& ids) const;  // [B, T, V]
  /// One decoding step or prefill on a cache (created by the caller, one entry a layer): ids [1, T] → logits of the last position [V].
  at::Tensor step(const at::Tensor& ids, std::vector<LayerCache>& cache, int64_t position) const;

 private:
  ModelConfig config_;
  Compute compute_;
  std::vector<LayerWeights> layers_;
  at::Tensor embedding_, final_norm_, head_;
  Listeners listeners_;
};

struct GenerateOptions {
  int64_t max_new = 32;
  double temperature = 0;  ///< 0 = greedy
  double top_p = 1;
  uint64_t seed = 0;
  bool ignore_eos = false;
  std::optional<std::vector<int64_t>> eos;  ///< ids that end the text (see generation_config.h); nothing: those of the config
};

/// The new ids only; stops after an EOS, which is returned.
std::vector<int64_t> generate(const ResidentModel& model, const std::vector<int64_t>& prompt, const GenerateOptions& options,
                              Monitor& monitor);

}  // namespace rolora
