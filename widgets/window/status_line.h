// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QFrame>
#include <QString>

namespace rolora::widgets {

/// One sentence in the status bar: what is selected, or while the pointer is over a plot what lies under it. Cut with an ellipsis where it
/// is too long; screen readers get all of it.
class StatusLine : public QFrame {
  Q_OBJECT
 public:
  explicit StatusLine(QWidget* parent = nullptr);
  void set_selection(const QString& sentence);
  void set_hover(const QString& sentence);  ///< empty: the selection's again
  const QString& selection() const { return selection_; }
  const QString& shown() const { return hover_.isEmpty() ? selection_ : hover_; }
  QSize sizeHint() const override;
  QSize minimumSizeHint() const override;

 protected:
  void paintEvent(QPaintEvent* event) override;

 private:
  void tell();
  QString selection_, hover_;
};

}  // namespace rolora::widgets
