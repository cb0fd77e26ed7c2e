// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/passes.h"

#include <ATen/Functions.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>

#include "core/base/error.h"

namespace rolora {
namespace {

// One layer-wise pass: the residual stream of a group of windows goes through one layer after another, batch by batch.
class LayerwisePass {
 public:
  LayerwisePass(const ModelSource& source, const at::Tensor& windows, const Listeners& listeners, const PassOptions& options,
                Monitor& monitor, std::string_view stage)
      : source_(source), windows_(windows), listeners_(listeners), options_(options), monitor_(monitor), stage_(stage) {
    const int64_t count = windows.size(0), tokens = windows.size(1);
    const uint64_t window_bytes = static_cast<uint64_t>(tokens * source.config().hidden) * c10::elementSize(options.compute.type);
    batch_ = std::clamp<int64_t>(options.batch_tokens / tokens, 1, count);
    group_ = std::clamp<int64_t>(static_cast<int64_t>(options.group_bytes / std::max<uint64_t>(1, window_bytes)), 1, count);
    rope_ = rope_tables(source.config(), 0, tokens, tokens, options.compute);
    for (int64_t first = 0; first < count; first += group_) {
      total_ += source.config().layers * ((std::min(group_, count - first) + batch_ - 1) / batch_);
    }
  }

  void run(const std::function<void(WindowIndex, const at::Tensor&)>& finish) {
    const int64_t count = windows_.size(0);
    for (int64_t first = 0; first < count; first += group_) {
      const at::Tensor ids = windows_.slice(0, first, std::min(count, first + group_));
      at::Tensor stream = embed(ids);  // [G, T, d]
      for (int64_t layer = 0; layer < source_.config().layers; ++layer) run_layer(LayerIndex(layer), first, stream);
      if (!finish) continue;
      for_each_batch(stream, [&](int64_t row, const at::Tensor& h) { finish(window(first + row), h); });
    }
  }

 private:
  WindowIndex window(int64_t row) const { return WindowIndex(options_.first_window.value + row); }

  template <class Work>
  void for_each_batch(const at::Tensor& rows, const Work& work) {
    for (int64_t row = 0; row < rows.size(0); row += batch_) {
      throw_if_stopped(monitor_);
      work(row, rows.slice(0, row, std::min(rows.size(0), row + batch_)));
    }
  }

  at::Tensor embed(const at::Tensor& ids) {
    const auto options = at::TensorOptions().dtype(options_.compute.type).device(options_.compute.device);
    at::Tensor stream = at::empty({ids.size(0), ids.size(1), source_.config().hidden}, options);
    for_each_batch(ids, [&](int64_t row, const at::Tensor& part) {
      stream.slice(0, row, row + part.size(0)).copy_(source_.embed(part, options_.compute));
    });
    return stream;
  }

  // The layer's weights live only in this call.
  void run_layer(LayerIndex layer, int64_t first, at::Tensor& stream) {
    const LayerWeights weights = source_.layer(layer, options_.compute);
    for_each_batch(stream, [&](int64_t row, at::Tensor h) {
      const LayerForward forward(source_.config(), layer, weights, listeners_, window(first + row));
      h.copy_(forward.run(h, rope_));
      monitor_.progress(stage_, ++done_, total_);
    });
  }

  const ModelSource& source_;
  const at::Tensor& windows_;
  const Listeners& listeners_;
  const PassOptions& options_;
  Monitor& monitor_;
  std::string_view stage_;
  RopeTables rope_;
  int64_t batch_ = 1, group_ = 1;  // windows
  int64_t done_ = 0, total_ = 0;   // batches through layers
};

}  // namespace

void run_layerwise(const ModelSource& source, const at::Tensor& windows, Listeners listeners, const PassOptions& options, Monitor& monitor,
                   std::string_view stage, const std::function<void(WindowIndex, const at::Tensor&)>& finish) {
  if (windows.numel() == 0) return;
  const at::NoGradGuard no_grad;
  // The model's own listeners come first within their stages.
  Listeners all;
  source.attach(all, options.compute);
  all.append(listeners);
  LayerwisePass(source, windows, all, options, monitor, stage).run(finish);
}

ResidentModel::ResidentModel(const ModelSource& source, const Compute& compute) : config_(source.config()), compute_(compute) {
  for (int64_t i = 0; i < config_.layers; ++i) layers_.push_back(source.layer(LayerIndex(i), compute));
  head_ = source.head(compute);
  embedding_ = config_.tied ? head_ : source.embed(at::arange(config_.vocabulary), compute);
  final_norm_ = source.final_norm(compute);
  source.attach(listeners_, compute);
}

at::Tensor ResidentModel::hidden(const at::Tensor& ids, WindowIndex first_window) const {
  const int64_t tokens = ids.size(1);
  const RopeTables rope = rope_tables(config_, 0, tokens, tokens, compute_);
  at::Tensor h = at::embedding(embedding_, ids.to(compute_.device));
  for (int64_t i = 0; i < config_.layers; ++i) {
    h = LayerForward(config_, LayerIndex(i), layers_[static_cast<size_t>(i)], listeners_, first_window).run(h, rope);
  }
  return h;
}

at::Tensor ResidentModel::logits(const at::Tensor& ids) const { return logits_of(hidden(ids), final_norm_, head_, config_.rms_epsilon); }

at::Tensor ResidentModel::step(const at::Tensor& ids, std::vector<LayerCache>& cache, int64_t position) const {
  const int64_t tokens = ids.size(1);
  const RopeTables rope = rope_tables(config_, position, tokens, position + tokens, compute_);
  at::Tensor h = at::embedding(embedding_, ids.to(compute_.device));
  for (int64_t i = 0; i < config_.layers; ++i) {
    const auto at = static_cast<size_t>(i);
    h = LayerForward(config_, LayerIndex(i), layers_[at], listeners_, WindowIndex(0)).run(h, rope, &cache.at(at));
  }
  return logits_of(h.select(1, tokens - 1), final_norm_, head_, config_.rms_epsilon).squeeze(0);
}

}  // namespace rolora
