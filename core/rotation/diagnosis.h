// SPDX-License-Identifier: GPL-3.0-or-later
// Why a rotated model fails the gate: products of neighbouring parts do not depend on the rotation between them, so each can be compared
// with the original's alone.
#pragma once

#include <string>

#include "core/model/weights.h"

namespace rolora {

/// One line beginning with the cause's name: "tied head", "bias", "centring", "width", "gain", "R1" … "R4", "head", "embedding", "dtype".
/// Empty when every part agrees within rounding. `bound` is the gate's bound for the stored type. Reads layer after layer until one
/// differs; may throw what the sources throw.
std::string likely_cause(const ModelSource& original, const ModelSource& rotated, double bound);

}  // namespace rolora
