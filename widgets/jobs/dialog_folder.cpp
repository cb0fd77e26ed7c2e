// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/jobs/dialog_folder.h"

#include <QDir>
#include <QFileInfo>

namespace rolora::widgets {
namespace {

QString& last_folder() {
  static QString folder;
  return folder;
}

// The folder that holds it, where there is one.
QString around(const QString& path) {
  if (path.trimmed().isEmpty()) return {};
  const QString folder = QFileInfo(path.trimmed()).absolutePath();
  return QFileInfo(folder).isDir() ? folder : QString();
}

}  // namespace

QString dialog_folder(const QString& now, const QStringList& near) {
  if (const QString folder = around(now); !folder.isEmpty()) return folder;
  if (!last_folder().isEmpty() && QFileInfo(last_folder()).isDir()) return last_folder();
  for (const QString& path : near) {
    if (const QString folder = around(path); !folder.isEmpty()) return folder;
  }
  return QDir::homePath();
}

void remember_dialog_folder(const QString& chosen) { last_folder() = QFileInfo(chosen).absolutePath(); }

}  // namespace rolora::widgets
