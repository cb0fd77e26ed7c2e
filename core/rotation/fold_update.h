// SPDX-License-Identifier: GPL-3.0-or-later
// What a rotation makes of a change of a weight: the same lines by which the weights themselves are folded.
#pragma once

#include <ATen/core/Tensor.h>

#include "core/model/family.h"
#include "core/rotation/record.h"

namespace rolora {

/// ΔW [out, in] of a plain linear → the change of the folded and rotated one that computes the same, fp64.
at::Tensor fold_update(const RotationRecord& record, LayerIndex layer, LinearKind kind, const at::Tensor& update);

}  // namespace rolora
