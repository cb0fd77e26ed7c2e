// SPDX-License-Identifier: GPL-3.0-or-later
// Quantizes a model layer by layer, measuring on the way. GPTQ feeds each group of linears with what the already quantized part before it
// gives (method §4); the errors' inputs come from the unquantized model, which runs beside on a few windows. Never holds more than one
// layer.
#pragma once

#include <ATen/core/Tensor.h>

#include <array>
#include <functional>
#include <optional>
#include <vector>

#include "core/base/monitor.h"
#include "core/model/weights.h"
#include "core/quantization/errors.h"
#include "core/quantization/spec.h"
#include "core/quantization/weights.h"

namespace rolora {

struct PipelineOptions {
  Compute compute;
  int64_t error_samples = 4;    ///< windows whose inputs measure output errors
  int64_t batch_tokens = 4096;  ///< tokens that go through a step at a time
};

struct QuantizedLayer {
  LayerIndex index;
  std::array<std::optional<QuantizedWeight>, kLinearKinds> weights;  ///< by LinearKind; none where the weight stays as it is
  std::vector<LinearReport> reports;                                 ///< in the order of kAllLinears
};

/// Runs every layer through the spec's method and hands each to `sink` when it is done, in order. windows [W, T] int64 (undefined: RTN
/// without errors at outputs). UsageError for GPTQ without windows; Cancelled between steps.
void quantize_layers(const ModelSource& source, const QuantizationSpec& spec, const at::Tensor& windows, const PipelineOptions& options,
                     Monitor& monitor, const std::function<void(QuantizedLayer&&)>& sink);

}  // namespace rolora
