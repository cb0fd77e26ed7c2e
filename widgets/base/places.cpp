// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/base/places.h"

#include <QCoreApplication>
#include <QDir>
#include <QFileInfo>
#include <QStandardPaths>

namespace rolora::widgets {

QString resources_folder() {
  const QString named = qEnvironmentVariable("ROLORA_RESOURCES");
  const QString program = QCoreApplication::applicationDirPath();
  for (const QString& folder :
       {named, program + QStringLiteral("/../share/rolora-workbench"), program + QStringLiteral("/../../../resources")}) {
    if (!folder.isEmpty() && QFileInfo::exists(folder + QStringLiteral("/jobs/story.json")))
      return QDir::cleanPath(QDir(folder).absolutePath());
  }
  return {};
}

QString default_runs_folder() {
  QString documents = QStandardPaths::writableLocation(QStandardPaths::DocumentsLocation);
  if (documents.isEmpty()) documents = QDir::homePath();
  return documents + QStringLiteral("/RoLoRA runs");
}

}  // namespace rolora::widgets
