// SPDX-License-Identifier: GPL-3.0-or-later
// What config.json says about the rotary embedding.
#pragma once

#include "core/model/config.h"

namespace rolora {

/// Fills config.rope from rope_parameters (transformers 5) or rope_theta, rope_scaling and partial_rotary_factor (before it). The sizes
/// and the family must be read. InputError on kinds and values that the family does not know.
void read_rope(const JsonObject& json, ModelConfig& config);

}  // namespace rolora
