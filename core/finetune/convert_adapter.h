// SPDX-License-Identifier: GPL-3.0-or-later
// An adapter carried over between a plain model and its rotated twin, exactly: with y = x M for a rotation and g for folded gains, a linear
// W (A of its inputs, B of its outputs) becomes, for
//   q, k, v, gate, up (readers):  A ← A diag(g) R1
//   o, down (writers):            B ← R1ᵀ B
//   down:                         A ← A R4
//   v under R2, by head:          B ← R2ᵀ B;   o under R2, by head: A ← A R2
// and back by the transposed maps and 1/g. R3 acts behind the linears and changes nothing here.
// DoRA's W' = diag(m / n) V with V = W + scaling · B A and n = ‖rows of V‖: what maps the inputs maps V's rows, V → V M, and W' keeps its
// factors when m becomes m · ‖rows of V M‖ / n: m itself for an orthogonal M, another one where M folds a gain. What maps the outputs mixes
// rows of different factors, and diag(m / n) does not commute with it: no DoRA of the rotated linear is that weight.
#pragma once

#include "core/finetune/adapter.h"
#include "core/rotation/record.h"

namespace rolora {

/// An adapter of the plain model → of the rotated one. Computed in fp64, rounded once to fp32. `base` is the plain model itself: magnitudes
/// are lengths of its adapted rows. InputError when the adapter stands on another rotation or on other weights, and for a DoRA of a linear
/// whose outputs are rotated.
Adapter adapter_to_rotated(const Adapter& plain, const RotationRecord& record, const ModelSource& base, const std::string& rotated_hash);
/// The way back; `base` is the rotated model. InputError also where a folded gain is zero: what the plain model would need there is not
/// determined.
Adapter adapter_to_plain(const Adapter& rotated, const RotationRecord& record, const ModelSource& base);

/// Of the two adapters' updates of each linear, folded by the model's own fold on the plain side: the largest ‖difference‖ / ‖update‖. With
/// magnitudes also ‖difference‖ / ‖weight‖ of the adapted weights, from `base`: the rotated model, or the plain one.
double update_difference(const Adapter& plain, const Adapter& rotated, const RotationRecord& record, const ModelSource& base,
                         bool base_is_rotated);

}  // namespace rolora
