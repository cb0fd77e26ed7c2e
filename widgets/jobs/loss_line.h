// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QWidget>
#include <utility>
#include <vector>

namespace rolora::widgets {

/// The loss of the training at work, small: its course, first and last value. The training view shows it at size.
class LossLine : public QWidget {
  Q_OBJECT
 public:
  explicit LossLine(QWidget* parent = nullptr);
  void show_losses(const std::vector<std::pair<double, double>>& losses);
  QSize sizeHint() const override;
  QSize minimumSizeHint() const override;

 protected:
  void paintEvent(QPaintEvent* event) override;

 private:
  std::vector<std::pair<double, double>> losses_;
};

}  // namespace rolora::widgets
