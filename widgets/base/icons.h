// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QIcon>
#include <QString>
#include <QStringList>

namespace rolora::widgets {

/// One of resources/icons by its file name without ".svg". It is drawn in the palette's colours at the moment it is painted, so it follows
/// a change of the theme by itself, and sharp at any scale.
QIcon icon(const QString& name);
/// The program's own icon, in its own colours.
QIcon application_icon();
/// Every name that `icon` knows.
QStringList icon_names();

}  // namespace rolora::widgets
