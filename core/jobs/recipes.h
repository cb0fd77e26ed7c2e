// SPDX-License-Identifier: GPL-3.0-or-later
// Recipes by name at the sizes that their papers use, so that what they would cost can be told before any text is at hand.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "core/jobs/inputs.h"
#include "core/jobs/job.h"

namespace rolora {

/// rolora: rotate (R1, R4), LoRA on it, merge, statistics, GPTQ W4A4, perplexity (arXiv 2407.08044); lora: the same without the rotation;
/// ptq: the same without tuning. A model that is rotated already is not rotated again.
inline constexpr std::array<std::string_view, 3> kRecipes = {"rolora", "lora", "ptq"};

struct AssumedRecipe {
  Job job;
  RunInputs inputs;                      ///< the model, and texts of made-up tokens of the assumed lengths
  std::vector<std::string> assumptions;  ///< what the sizes are, a sentence each
};

/// UsageError for a name that is none; InputError for a quantized model, which no recipe takes.
AssumedRecipe assumed_recipe(std::string_view name, OpenedModel model);

}  // namespace rolora
