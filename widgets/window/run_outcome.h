// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QString>

#include "widgets/data/run_store.h"

namespace rolora::widgets {

/// What a finished run came to, in a line: the perplexity of the unrotated, untuned model in the quantization that costs it most, and the
/// best other state in the same quantization on the same text. "RTN W4A4 on evaluation: plain 53.87, rotated (seed 1) 52.23". Empty where
/// the run measured no such pair.
QString outcome_of(const RunData& run);

}  // namespace rolora::widgets
