// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QString>
#include <QWidget>
#include <utility>
#include <vector>

namespace rolora::widgets {

/// The loss of the training at work, small: its course, first and last value. The training view shows it at size.
class LossLine : public QWidget {
  Q_OBJECT
 public:
  explicit LossLine(QWidget* parent = nullptr);
  /// `training`: the station that they are of.
  void show_losses(const std::vector<std::pair<double, double>>& losses, const QString& training = {});
  QSize sizeHint() const override;
  QSize minimumSizeHint() const override;

 protected:
  void paintEvent(QPaintEvent* event) override;

 private:
  std::vector<std::pair<double, double>> losses_;
  QString training_;
};

}  // namespace rolora::widgets
