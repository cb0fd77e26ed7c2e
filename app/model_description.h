// SPDX-License-Identifier: GPL-3.0-or-later
// What a model folder holds and what can be done with it: the doctor's findings, of `info` and of the window.
#pragma once

#include "core/jobs/open_model.h"
#include "core/storage/json_file.h"

namespace rolora::app {

/// Family, shapes, types, tokenizer; per width the Hadamard construction with its cost (additions a row, bytes of the factor) and the
/// alternatives; what can be rotated, what not and why; rotation and quantization records; memory in the compute's type.
Json model_description(const OpenedModel& model, const Compute& compute);

}  // namespace rolora::app
