// SPDX-License-Identifier: GPL-3.0-or-later
// What a quantize station and an evaluation's quantized look share.
#pragma once

#include "core/jobs/stations/stations.h"
#include "core/quantization/quantize_folder.h"

namespace rolora {

/// The calibration windows; undefined where the settings name no text.
CalibrationText calibration_of(const StationContext& context, const QuantizeSettings& how);
PipelineOptions pipeline_of(const StationContext& context, const QuantizeSettings& how);
/// Adds what the settings came to on this model: per_channel (linears) and per_token (sites) where a group does not divide the width,
/// notices (lines for people, also sent to the monitor).
void tell_fallbacks(const StationContext& context, const QuantizeSettings& how, const ModelConfig& config, Json& result);
/// [{"name", …}] in model order.
Json linears_list(const std::vector<LinearReport>& reports);

}  // namespace rolora
