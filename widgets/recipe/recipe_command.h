// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QString>
#include <nlohmann/json.hpp>

namespace rolora::widgets {

/// A word as a shell reads it back.
QString shell_word(const QString& word);
/// What a shell runs for the job: the verb itself for one station on the base model, else `rolora run` of the job file, which must be
/// saved. `needs_file` tells which.
QString recipe_command(const nlohmann::json& job, const QString& job_file, const QString& folder, const QString& device,
                       bool* needs_file = nullptr);

}  // namespace rolora::widgets
