// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/base/desktop_scheme.h"

#include <QDBusConnection>
#include <QDBusMessage>
#include <QDBusPendingCallWatcher>
#include <QDBusPendingReply>
#include <QFile>

namespace rolora::widgets {
namespace {

constexpr auto kPortal = "org.freedesktop.portal.Desktop";
constexpr auto kPortalPath = "/org/freedesktop/portal/desktop";
constexpr auto kPortalSettings = "org.freedesktop.portal.Settings";
constexpr auto kAppearance = "org.freedesktop.appearance";
constexpr auto kColourScheme = "color-scheme";

/// Whether a session bus exists; asking libdbus where there is none would try to start one.
bool has_session_bus() {
  if (!qEnvironmentVariableIsEmpty("DBUS_SESSION_BUS_ADDRESS")) return true;
  const QString folder = qEnvironmentVariable("XDG_RUNTIME_DIR");
  return !folder.isEmpty() && QFile::exists(folder + QStringLiteral("/bus"));
}

/// The portal wraps the value in one variant or, through Read, in two.
uint scheme_of(QVariant value) {
  while (value.canConvert<QDBusVariant>()) value = value.value<QDBusVariant>().variant();
  return value.toUInt();
}

}  // namespace

void DesktopScheme::ask() {
  if (!has_session_bus()) return;
  QDBusConnection bus = QDBusConnection::sessionBus();
  if (!bus.isConnected()) return;
  bus.connect(QLatin1String(kPortal), QLatin1String(kPortalPath), QLatin1String(kPortalSettings), QStringLiteral("SettingChanged"), this,
              SLOT(setting_changed(QString, QString, QDBusVariant)));
  QDBusMessage question = QDBusMessage::createMethodCall(QLatin1String(kPortal), QLatin1String(kPortalPath), QLatin1String(kPortalSettings),
                                                         QStringLiteral("Read"));
  question << QLatin1String(kAppearance) << QLatin1String(kColourScheme);
  auto* watcher = new QDBusPendingCallWatcher(bus.asyncCall(question), this);
  connect(watcher, &QDBusPendingCallWatcher::finished, this, [this](QDBusPendingCallWatcher* call) {
    const QDBusPendingReply<QDBusVariant> reply = *call;
    if (!reply.isError()) emit told(scheme_of(reply.value().variant()));
    call->deleteLater();
  });
}

void DesktopScheme::setting_changed(const QString& group, const QString& key, const QDBusVariant& value) {
  if (group == QLatin1String(kAppearance) && key == QLatin1String(kColourScheme)) emit told(scheme_of(value.variant()));
}

}  // namespace rolora::widgets
