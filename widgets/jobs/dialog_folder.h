// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QString>
#include <QStringList>

namespace rolora::widgets {

/// Where a file dialog begins: beside what is chosen now, else where the last dialog ended, else beside the first of
/// these that exists.
QString dialog_folder(const QString& now, const QStringList& near = {});
/// The folder of what was just chosen: the next dialog that knows nothing better begins there.
void remember_dialog_folder(const QString& chosen);

}  // namespace rolora::widgets
