// SPDX-License-Identifier: GPL-3.0-or-later
// What the window remembers between starts. One INI file under the user's configuration folder; a damaged one means defaults.
#pragma once

#include <QByteArray>
#include <QSettings>
#include <QString>
#include <QStringList>

#include "widgets/base/theme.h"

namespace rolora::widgets {

class Settings {
 public:
  /// `file` empty: workbench.ini in the user's configuration folder (tests: of QStandardPaths' test mode).
  explicit Settings(const QString& file = {});
  QString file() const { return store_.fileName(); }

  ThemeChoice theme() const;
  void set_theme(ThemeChoice choice);
  double scale() const;
  void set_scale(double scale);

  /// Newest first, at most kRecent, without what no longer exists.
  QStringList recent() const;
  QStringList remembered() const;  ///< the same with what no longer exists
  void forget_recent(const QString& path);
  void add_recent(const QString& path);
  void clear_recent();
  static constexpr int kRecent = 12;

  /// Geometry and layouts of the window as QMainWindow gives them.
  QByteArray bytes(const QString& key) const { return store_.value(key).toByteArray(); }
  void set_bytes(const QString& key, const QByteArray& value) { store_.setValue(key, value); }
  QString text(const QString& key, const QString& otherwise = {}) const { return store_.value(key, otherwise).toString(); }
  void set_text(const QString& key, const QString& value) { store_.setValue(key, value); }
  bool flag(const QString& key, bool otherwise = false) const { return store_.value(key, otherwise).toBool(); }
  void set_flag(const QString& key, bool value) { store_.setValue(key, value); }
  /// Keys directly under a group.
  QStringList keys(const QString& group) const;
  void remove(const QString& key) { store_.remove(key); }
  void sync() { store_.sync(); }

 private:
  mutable QSettings store_;
};

}  // namespace rolora::widgets
