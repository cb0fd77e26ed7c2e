// SPDX-License-Identifier: GPL-3.0-or-later
// An adapter carried over between a plain model and its rotated twin, exactly: with y = x M for a rotation and g for folded gains, a linear
// W (A of its inputs, B of its outputs) becomes, for
//   q, k, v, gate, up (readers):  A ← A diag(g) R1
//   o, down (writers):            B ← R1ᵀ B
//   down:                         A ← A R4
//   v under R2, by head:          B ← R2ᵀ B;   o under R2, by head: A ← A R2
// and back by the transposed maps and 1/g. R3 acts behind the linears and changes nothing here.
#pragma once

#include "core/finetune/adapter.h"
#include "core/rotation/record.h"

namespace rolora {

/// An adapter of the plain model → of the rotated one. Computed in fp64, rounded once to fp32. InputError when it stands on another
/// rotation or on other weights.
Adapter adapter_to_rotated(const Adapter& plain, const RotationRecord& record, const ModelConfig& config, const std::string& rotated_hash);
/// The way back. InputError also where a folded gain is zero: what the plain model would need there is not determined.
Adapter adapter_to_plain(const Adapter& rotated, const RotationRecord& record, const ModelConfig& config);

/// Of the two adapters' updates of each linear, folded by the model's own fold on the plain side: the largest ‖difference‖ / ‖update‖.
double update_difference(const Adapter& plain, const Adapter& rotated, const RotationRecord& record, const ModelConfig& config);

}  // namespace rolora
