// SPDX-License-Identifier: GPL-3.0-or-later
// Whether the desktop wants dark or light, as its settings portal says (org.freedesktop.appearance color-scheme).
#pragma once

#include <QDBusVariant>
#include <QObject>
#include <QString>

namespace rolora::widgets {

class DesktopScheme : public QObject {
  Q_OBJECT
 public:
  using QObject::QObject;
  /// Asks without waiting and listens from then on. Nothing happens where there is no session bus or no portal.
  void ask();

 signals:
  void told(uint scheme);  ///< 0 no preference, 1 dark, 2 light

 private slots:
  void setting_changed(const QString& group, const QString& key, const QDBusVariant& value);
};

}  // namespace rolora::widgets
