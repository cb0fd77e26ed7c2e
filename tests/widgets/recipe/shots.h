// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QApplication>
#include <QDir>
#include <QString>
#include <QWidget>

#include "widgets/base/theme.h"

namespace rolora::widgets::test {

/// Pictures to look at, when ROLORA_SHOTS names a folder for them; dark ones with ROLORA_SHOTS_DARK.
inline void save_shot(QWidget& widget, const char* name) {
  const QString folder = qEnvironmentVariable("ROLORA_SHOTS");
  if (folder.isEmpty()) return;
  QDir().mkpath(folder);
  if (!qEnvironmentVariableIsEmpty("ROLORA_SHOTS_DARK")) QApplication::setPalette(dark_palette());
  QCoreApplication::processEvents();
  widget.grab().save(folder + QLatin1Char('/') + QString::fromLatin1(name) + QStringLiteral(".png"));
}

}  // namespace rolora::widgets::test
