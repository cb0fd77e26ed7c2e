// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QImage>
#include <QObject>
#include <QString>
#include <QTimer>

namespace rolora::widgets {
class MainWindow;
}

namespace rolora {

/// Saves a picture of the window once everything is read and nothing in it has changed for a while.
class Screenshot : public QObject {
  Q_OBJECT
 public:
  Screenshot(widgets::MainWindow* window, const QString& file);
  void start();

 signals:
  void done(bool saved);

 private:
  void look();
  widgets::MainWindow* window_;
  QString file_;
  QTimer timer_;
  QImage last_;
  int calm_ = 0, looks_ = 0;
};

}  // namespace rolora
