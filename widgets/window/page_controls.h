// SPDX-License-Identifier: GPL-3.0-or-later
// The choices of the page that is shown, as commands: what can be clicked can be typed.
#pragma once

#include <QString>
#include <vector>

#include "widgets/window/finder.h"

class QWidget;

namespace rolora::widgets {

/// One entry for each row of a box, each switch, tab and button that the page shows: "Overview: Site: q/k/v_proj input". What is chosen or
/// on says so.
std::vector<FinderEntry> page_controls(const QString& title, const QWidget* page);

}  // namespace rolora::widgets
