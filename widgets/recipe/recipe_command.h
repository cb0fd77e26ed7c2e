// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QString>
#include <nlohmann/json.hpp>

namespace rolora::widgets {

/// A word as a shell reads it back.
QString shell_word(const QString& word);
/// What a shell runs for the job: the verb itself for one station on the base model, else `rolora run` of the job file, which must be
/// saved. `needs_file` tells which. It runs from any folder: `program` and every path are absolute. `threads` 0: all cores.
struct CommandPlace {
  QString program, job_file, folder, device;
  int threads = 0;
};
QString recipe_command(const nlohmann::json& job, const CommandPlace& place, bool* needs_file = nullptr);

}  // namespace rolora::widgets
