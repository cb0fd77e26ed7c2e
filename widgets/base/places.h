// SPDX-License-Identifier: GPL-3.0-or-later
// Where things of the program lie.
#pragma once

#include <QString>

namespace rolora::widgets {

/// The folder with bundled/, texts/ and jobs/: of an installation (share/rolora-workbench beside bin), or of the source tree that this
/// build folder lies in. ROLORA_RESOURCES names another one. Empty when there is none.
QString resources_folder();
/// Where new runs go when nothing else was said: "RoLoRA runs" in the user's documents.
QString default_runs_folder();

}  // namespace rolora::widgets
