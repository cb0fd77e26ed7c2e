// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/recipe/path_edit.h"

#include <QPainter>
#include <QStyleOptionFrame>

namespace rolora::widgets {

PathEdit::PathEdit(const QString& tip, QWidget* parent) : QLineEdit(parent), tip_(tip) {
  setToolTip(tip_);
  connect(this, &QLineEdit::textChanged, this,
          [this](const QString& path) { setToolTip(path.isEmpty() || tip_.isEmpty() ? path + tip_ : path + QLatin1Char('\n') + tip_); });
}

QRect PathEdit::room() const {
  QStyleOptionFrame option;
  initStyleOption(&option);
  const QMargins margins = textMargins();
  constexpr int kAir = 2;  // QLineEdit's own, left and right of its text
  return style()->subElementRect(QStyle::SE_LineEditContents, &option, this).marginsRemoved(margins).adjusted(kAir, 0, -kAir, 0);
}

QString PathEdit::shown_text() const { return hasFocus() ? text() : fontMetrics().elidedText(text(), Qt::ElideLeft, room().width()); }

void PathEdit::paintEvent(QPaintEvent* event) {
  const QString shown = shown_text();
  if (shown == text()) return QLineEdit::paintEvent(event);
  QStyleOptionFrame option;
  initStyleOption(&option);
  QPainter painter(this);
  style()->drawPrimitive(QStyle::PE_PanelLineEdit, &option, &painter, this);
  painter.setPen(palette().color(QPalette::Text));
  painter.drawText(room(), Qt::AlignLeft | Qt::AlignVCenter, shown);
}

}  // namespace rolora::widgets
