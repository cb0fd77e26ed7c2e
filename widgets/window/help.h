// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

class QWidget;

namespace rolora::widgets {

/// What keys and mouse do, on a sheet of its own that stays open beside the work.
void show_key_sheet(QWidget* window);
void show_about_box(QWidget* window);

}  // namespace rolora::widgets
