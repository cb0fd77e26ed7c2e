// SPDX-License-Identifier: GPL-3.0-or-later
// What a model of a job is, read off the stations that made it: for checks of a job's order, and for the words of tables and pages.
#pragma once

#include <optional>
#include <string>

#include "core/jobs/job.h"

namespace rolora {

struct ModelState {
  bool rotated = false;    ///< a rotate station stands in its line (a fold alone counts)
  bool turned = false;     ///< rotated by more than a fold
  bool tuned = false;      ///< a finetune station stands in its line
  bool unmerged = false;   ///< an adapter stands beside the weights
  bool quantized = false;  ///< its folder holds integers
  bool full_precision() const { return !quantized; }
  std::string unquantized;   ///< id of the model before quantization (its own when it is not quantized)
  std::string quantization;  ///< "GPTQ W4A4" of a quantized one
  std::string label;         ///< "plain", "folded", "R1+R4, seed 0", "R1+R4, seed 0 + LoRA", without the quantization
};

/// `model` is "base" or the id of a station that makes a model.
ModelState state_of(const Job& job, const std::string& model);

/// "RTN W4A4", with what differs from the defaults behind it: "GPTQ W4A8 KV4 g128 asym clip-search act-order down8".
std::string quantization_label(const QuantizationSpec& spec);
/// "folded", "R1+R4, seed 0", "R1 orthogonal+R4, seed 2".
std::string rotation_label(const RotationSettings& rotation, uint64_t seed);

}  // namespace rolora
