// SPDX-License-Identifier: GPL-3.0-or-later
// Fake quantization of what flows: the inputs of linears, per token (or group of channels), and the KV cache, per token and head.
#pragma once

#include <ATen/core/Tensor.h>

#include "core/model/config.h"
#include "core/model/sites.h"
#include "core/quantization/spec.h"

namespace rolora {

/// x [.., C] at `bits`; a group that does not divide C means one scale per token (group_fallbacks lists where). 16 bits give x back.
/// Scales and rounding are fp32 for every type of x (method §4); the result has x's type.
at::Tensor quantize_activation(const at::Tensor& x, int bits, const ActivationQuant& how);

/// Adds the spec's activation and KV quantization to the listeners' last stage; nothing where nothing is quantized.
void attach_quantization(const QuantizationSpec& spec, const ModelConfig& config, Listeners& listeners);

}  // namespace rolora
