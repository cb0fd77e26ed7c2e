// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/base/settings.h"

#include <QDir>
#include <QFileInfo>
#include <QStandardPaths>
#include <cmath>

namespace rolora::widgets {
namespace {

QString default_file() {
  return QStandardPaths::writableLocation(QStandardPaths::GenericConfigLocation) + QStringLiteral("/rolora-workbench/workbench.ini");
}

const QString kTheme = QStringLiteral("look/theme"), kScale = QStringLiteral("look/scale"), kRecentFiles = QStringLiteral("recent/paths");

}  // namespace

Settings::Settings(const QString& file) : store_(file.isEmpty() ? default_file() : file, QSettings::IniFormat) {}

ThemeChoice Settings::theme() const {
  const QString name = store_.value(kTheme).toString();
  if (name == QStringLiteral("light")) return ThemeChoice::light;
  return name == QStringLiteral("dark") ? ThemeChoice::dark : ThemeChoice::system;
}

void Settings::set_theme(ThemeChoice choice) {
  const QString name = choice == ThemeChoice::light  ? QStringLiteral("light")
                       : choice == ThemeChoice::dark ? QStringLiteral("dark")
                                                     : QStringLiteral("system");
  store_.setValue(kTheme, name);
}

double Settings::scale() const {
  bool ok = false;
  const double value = store_.value(kScale, 1.0).toDouble(&ok);
  return ok && std::isfinite(value) && value > 0 ? value : 1.0;
}

void Settings::set_scale(double scale) { store_.setValue(kScale, scale); }

QStringList Settings::recent() const {
  QStringList found;
  for (const QString& path : remembered()) {
    if (QFileInfo::exists(path)) found += path;
  }
  return found;
}

QStringList Settings::remembered() const {
  QStringList paths = store_.value(kRecentFiles).toStringList();
  paths.removeDuplicates();
  return paths.mid(0, kRecent);
}

void Settings::forget_recent(const QString& path) {
  QStringList paths = store_.value(kRecentFiles).toStringList();
  paths.removeAll(path);
  store_.setValue(kRecentFiles, paths);
}

void Settings::add_recent(const QString& path) {
  const QString absolute = QDir::cleanPath(QFileInfo(path).absoluteFilePath());
  QStringList paths = store_.value(kRecentFiles).toStringList();
  paths.removeAll(absolute);
  paths.prepend(absolute);
  store_.setValue(kRecentFiles, paths.mid(0, kRecent));
}

void Settings::clear_recent() { store_.remove(kRecentFiles); }

QStringList Settings::keys(const QString& group) const {
  store_.beginGroup(group);
  const QStringList found = store_.childKeys();
  store_.endGroup();
  return found;
}

}  // namespace rolora::widgets
