// SPDX-License-Identifier: GPL-3.0-or-later
// One look at a model as if it were quantized, without saving it: any source, its linears rounded when they are loaded.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>

#include "core/base/monitor.h"
#include "core/model/tensor_store.h"
#include "core/model/weights.h"
#include "core/quantization/pipeline.h"
#include "core/quantization/spec.h"

namespace rolora {

class FakeQuantizedSource final : public ModelSource {
 public:
  /// Weights by RTN as each layer is loaded. UsageError for a spec that cannot be (see validate) or that asks for GPTQ.
  FakeQuantizedSource(std::shared_ptr<const ModelSource> base, QuantizationSpec spec);
  /// Weights by the spec's method, made now on the windows [W, T] and kept as integers in a nameless file in $TMPDIR, else /tmp (so the
  /// model is never held, and nothing is left behind however the process ends). A progress stage names the folder.
  static std::shared_ptr<const FakeQuantizedSource> prepare(std::shared_ptr<const ModelSource> base, QuantizationSpec spec,
                                                            const at::Tensor& windows, const PipelineOptions& options, Monitor& monitor);
  const ModelConfig& config() const override { return base_->config(); }
  LayerWeights layer(LayerIndex index, const Compute& compute) const override;
  at::Tensor embed(const at::Tensor& ids, const Compute& compute) const override { return base_->embed(ids, compute); }
  at::Tensor final_norm(const Compute& compute) const override { return base_->final_norm(compute); }
  at::Tensor head(const Compute& compute) const override { return base_->head(compute); }
  void attach(Listeners& listeners, const Compute& compute) const override;
  /// Errors of every linear, when it was prepared.
  const std::vector<LinearReport>& reports() const { return reports_; }

 private:
  std::shared_ptr<const ModelSource> base_;
  QuantizationSpec spec_;
  std::optional<TensorStore> prepared_;
  std::vector<LinearReport> reports_;
};

}  // namespace rolora
