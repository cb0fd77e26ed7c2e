// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <gtest/gtest.h>

#include <QString>
#include <QStringList>
#include <QtGlobal>

namespace rolora::test {

/// Warnings that a test expects, by a part of their text; cleared by whoever sets them.
inline QStringList& expected_qt_warnings() {
  static QStringList parts;
  return parts;
}

inline void fail_on_qt_warnings() {
  qInstallMessageHandler([](QtMsgType type, const QMessageLogContext&, const QString& message) {
    if (type == QtDebugMsg || type == QtInfoMsg) return;
    if (message.contains(QStringLiteral("This plugin does not support"))) return;  // the offscreen platform says so of many things
    for (const QString& part : expected_qt_warnings()) {
      if (message.contains(part)) return;
    }
    ADD_FAILURE() << "Qt warned: " << message.toStdString();
  });
}

}  // namespace rolora::test
