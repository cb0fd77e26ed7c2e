// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/workbench/screenshot.h"

#include <QPixmap>

#include "widgets/window/main_window.h"

namespace rolora {
namespace {

constexpr int kPeriodMs = 250, kCalm = 4, kMost = 240;

}  // namespace

Screenshot::Screenshot(widgets::MainWindow* window, const QString& file) : QObject(window), window_(window), file_(file) {
  timer_.setInterval(kPeriodMs);
  connect(&timer_, &QTimer::timeout, this, &Screenshot::look);
}

void Screenshot::start() { timer_.start(); }

void Screenshot::look() {
  const QImage now = window_->grab().toImage();
  calm_ = now == last_ && !window_->is_opening() ? calm_ + 1 : 0;
  last_ = now;
  if (calm_ < kCalm && ++looks_ < kMost) return;
  timer_.stop();
  emit done(last_.save(file_));
}

}  // namespace rolora
