// SPDX-License-Identifier: GPL-3.0-or-later
// Tells when the GUI thread was deaf for too long. A helper thread posts an event every few milliseconds and times the answer.
#pragma once

#include <QObject>
#include <functional>
#include <memory>

namespace rolora::widgets {

struct Block {
  double ms = 0;       ///< how long nothing was answered
  double busy_ms = 0;  ///< how much of that the thread was computing itself; the rest it waited, or others had the processor
};

class Watchdog : public QObject {
  Q_OBJECT
 public:
  /// Watches the thread that makes it. `blocked` runs there after each block of more than `limit_ms`.
  Watchdog(double limit_ms, std::function<void(const Block&)> blocked, QObject* parent = nullptr);
  ~Watchdog() override;
  /// The longest of each since the start or the last call of reset().
  const Block& longest() const { return longest_; }
  int answers() const { return answers_; }
  void reset();

 protected:
  bool event(QEvent* event) override;

 private:
  struct Helper;
  std::function<void(const Block&)> blocked_;
  double limit_;
  Block longest_;
  int answers_ = 0;
  std::unique_ptr<Helper> helper_;
};

}  // namespace rolora::widgets
