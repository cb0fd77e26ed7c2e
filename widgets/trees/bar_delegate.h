// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QStyledItemDelegate>

namespace rolora::widgets {

/// Paints a row's bar (kBarRole) and below it the one of the state beside (kTickRole), on one linear scale from 0 to `most`: on it an
/// outlier stands out. Their numbers stand at the right, the first one alone where there is no room for two. Rows of kFaintRole are drawn
/// quietly.
class BarDelegate : public QStyledItemDelegate {
  Q_OBJECT
 public:
  using QStyledItemDelegate::QStyledItemDelegate;
  void set_most(double most);
  /// Where on the scale a value lies, 0 … 1; NaN for one that is no number.
  double place(double value) const;
  void paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const override;

 private:
  double most_ = 1;
};

}  // namespace rolora::widgets
