// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QString>
#include <vector>

#include "widgets/data/workbench.h"
#include "widgets/window/finder.h"

namespace rolora::widgets {

/// Places of the open statistics that a typed text points to; choosing one proposes it as the selection.
std::vector<FinderEntry> find_places(const QString& text, const Workbench& workbench);

}  // namespace rolora::widgets
