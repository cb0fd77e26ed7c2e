// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QStyledItemDelegate>

namespace rolora::widgets {

/// Paints a row's bar (kBarRole) and a tick on it (kTickRole) on a log scale from `least` to `most`, its number at the
/// right. Rows of kFaintRole are drawn quietly.
class BarDelegate : public QStyledItemDelegate {
  Q_OBJECT
 public:
  using QStyledItemDelegate::QStyledItemDelegate;
  void set_range(double least, double most);
  /// Where on the scale a value lies, 0 … 1; NaN for one that is not positive.
  double place(double value) const;
  void paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const override;

 private:
  double least_ = 1, most_ = 10;
};

}  // namespace rolora::widgets
