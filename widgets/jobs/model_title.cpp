// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/jobs/model_title.h"

#include <QDir>
#include <QFileInfo>

namespace rolora::widgets {

QString model_title(const QString& folder) {
  const QStringList parts = QDir::cleanPath(folder).split(QLatin1Char('/'), Qt::SkipEmptyParts);
  const auto n = parts.size();
  if (n >= 4 && parts[n - 1] == u"model" && parts[n - 3] == u"stations") return parts[n - 4] + QStringLiteral(" · ") + parts[n - 2];
  return n > 0 ? parts.last() : folder;
}

QStringList existing_models(const QStringList& folders) {
  QStringList models;
  for (const QString& folder : folders) {
    if (QFileInfo::exists(folder + QStringLiteral("/config.json")) && !models.contains(folder)) models << folder;
  }
  return models;
}

}  // namespace rolora::widgets
