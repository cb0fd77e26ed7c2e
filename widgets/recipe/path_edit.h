// SPDX-License-Identifier: GPL-3.0-or-later
// A line for a path. While nobody types in it, one that is too long shows its end after an ellipsis: the end tells paths apart.
#pragma once

#include <QLineEdit>

namespace rolora::widgets {

class PathEdit : public QLineEdit {
  Q_OBJECT
 public:
  /// `tip` stands in the tooltip below the path.
  explicit PathEdit(const QString& tip = {}, QWidget* parent = nullptr);
  /// What it shows: the path, its front elided where there is no room and it is not edited.
  QString shown_text() const;

 protected:
  void paintEvent(QPaintEvent* event) override;

 private:
  QRect room() const;
  QString tip_;
};

}  // namespace rolora::widgets
