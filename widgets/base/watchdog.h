// SPDX-License-Identifier: GPL-3.0-or-later
// Tells when the GUI thread was deaf for too long. A helper thread posts an event every few milliseconds and times the answer.
#pragma once

#include <QObject>
#include <functional>
#include <memory>

namespace rolora::widgets {

class Watchdog : public QObject {
  Q_OBJECT
 public:
  /// `blocked` runs on this object's thread after each block of more than `limit_ms`; with it comes how long it lasted.
  Watchdog(double limit_ms, std::function<void(double ms)> blocked, QObject* parent = nullptr);
  ~Watchdog() override;
  /// Longest block since the start or the last call of reset().
  double longest_ms() const { return longest_; }
  int answers() const { return answers_; }
  void reset();

 protected:
  bool event(QEvent* event) override;

 private:
  struct Helper;
  std::function<void(double)> blocked_;
  double limit_, longest_ = 0;
  int answers_ = 0;
  std::unique_ptr<Helper> helper_;
};

}  // namespace rolora::widgets
