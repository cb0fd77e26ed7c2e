// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QAbstractButton>
#include <QString>

namespace rolora::widgets {

/// A button that explains itself: an icon, what it does, and a sentence or two about it.
class CardButton : public QAbstractButton {
  Q_OBJECT
 public:
  CardButton(const QString& icon_name, const QString& title, const QString& explanation, QWidget* parent = nullptr);
  void set_leading(bool leading);  ///< the one that most people want
  QSize sizeHint() const override;
  QSize minimumSizeHint() const override;
  bool hasHeightForWidth() const override { return true; }
  int heightForWidth(int width) const override;

 protected:
  void paintEvent(QPaintEvent* event) override;
  void changeEvent(QEvent* event) override;
  bool event(QEvent* event) override;

 private:
  QFont title_font() const;
  int text_left() const;
  QString title_, explanation_;
  bool leading_ = false;
};

}  // namespace rolora::widgets
