// SPDX-License-Identifier: GPL-3.0-or-later
#include <QCoreApplication>
#include <QFileInfo>
#include <QStandardPaths>

#include "widgets/jobs/worker_call.h"

namespace rolora::widgets {

QString worker_program() {
  const QString given = qEnvironmentVariable("ROLORA_BIN");
  if (!given.isEmpty()) return given;
  const QString beside = QCoreApplication::applicationDirPath() + QStringLiteral("/rolora");
  if (QFileInfo(beside).isExecutable()) return beside;
  const QString found = QStandardPaths::findExecutable(QStringLiteral("rolora"));
  return found.isEmpty() ? beside : found;
}

}  // namespace rolora::widgets
