// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/data/site_words.h"

#include <QCoreApplication>

#include "core/base/site.h"
#include "widgets/data/describe.h"

namespace rolora::widgets {

QString site_words(const QString& name) {
  const auto kind = site_of_name(name.section(QLatin1Char('.'), -1).toStdString());
  if (!kind) return name;
  const QString layer = name.section(QLatin1Char('.'), 1, 1);
  if (!name.contains(QLatin1Char('.'))) return site_title(*kind);
  return QCoreApplication::translate("rolora::describe", "%1, layer %2").arg(site_title(*kind), layer);
}

}  // namespace rolora::widgets
