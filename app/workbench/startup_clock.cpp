// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/workbench/startup_clock.h"

#include <time.h>
#include <unistd.h>

#include <QEvent>
#include <QFile>
#include <QTimer>
#include <QWidget>
#include <limits>

namespace rolora {

double process_age_ms() {
  constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
  QFile stat(QStringLiteral("/proc/self/stat"));
  if (!stat.open(QIODevice::ReadOnly)) return kNone;
  const QByteArray line = stat.readAll();
  // The name in parentheses may hold anything; field 22, the start in clock ticks since the boot, is the 20th after it.
  const QList<QByteArray> fields = line.mid(line.lastIndexOf(')') + 2).split(' ');
  timespec now{};
  if (fields.size() < 20 || clock_gettime(CLOCK_BOOTTIME, &now) != 0) return kNone;
  const double started = fields[19].toDouble() / static_cast<double>(sysconf(_SC_CLK_TCK));
  return (static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec) - started) * 1e3;
}

FirstPaint::FirstPaint(QWidget* window) : QObject(window) { window->installEventFilter(this); }

bool FirstPaint::eventFilter(QObject* watched, QEvent* event) {
  if (event->type() == QEvent::Paint && !seen_) {
    seen_ = true;
    QTimer::singleShot(0, this, [this] { emit painted(process_age_ms()); });
  }
  return QObject::eventFilter(watched, event);
}

}  // namespace rolora
