// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QObject>

class QWidget;

namespace rolora {

/// Milliseconds since the kernel started this process; NaN where it does not say.
double process_age_ms();

/// Calls back once, when the window has been painted for the first time and the event loop is free again.
class FirstPaint : public QObject {
  Q_OBJECT
 public:
  explicit FirstPaint(QWidget* window);

 signals:
  void painted(double age_ms);

 protected:
  bool eventFilter(QObject* watched, QEvent* event) override;

 private:
  bool seen_ = false;
};

}  // namespace rolora
