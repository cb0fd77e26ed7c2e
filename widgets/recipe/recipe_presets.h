// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QString>
#include <nlohmann/json.hpp>
#include <vector>

namespace rolora::widgets {

/// A job to begin with. Model and texts are filled in by who uses it.
struct RecipePreset {
  QString id;           ///< "rolora"
  QString title;        ///< "RoLoRA (the paper's recipe)"
  QString explanation;  ///< what it does and where it comes from
  nlohmann::json job;
};

/// In the order of a menu: the whole recipes, then single stations. `tuning_is_records`: the tuning data are records, no text.
std::vector<RecipePreset> recipe_presets(bool tuning_is_records = false);
const RecipePreset* find_preset(const std::vector<RecipePreset>& presets, const QString& id);

}  // namespace rolora::widgets
