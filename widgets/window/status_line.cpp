// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/window/status_line.h"

#include <QAccessible>
#include <QFontMetrics>
#include <QPainter>

namespace rolora::widgets {

StatusLine::StatusLine(QWidget* parent) : QFrame(parent) {
  setObjectName(QStringLiteral("sentence"));
  setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Preferred);
  tell();
}

void StatusLine::set_selection(const QString& sentence) {
  if (selection_ == sentence) return;
  selection_ = sentence;
  hover_.clear();  // of a place that was left by key or search
  tell();
}

void StatusLine::set_hover(const QString& sentence) {
  if (hover_ == sentence) return;
  hover_ = sentence;
  tell();
}

void StatusLine::tell() {
  const QString text = shown();
  setAccessibleName(text.isEmpty() ? tr("Nothing is selected") : text);
  setToolTip(text);
  update();
  QAccessibleEvent event(this, QAccessible::NameChanged);
  QAccessible::updateAccessibility(&event);
}

QSize StatusLine::sizeHint() const {
  const QFontMetrics metrics(font());
  return {metrics.averageCharWidth() * 60, metrics.height() + metrics.height() / 2};
}

QSize StatusLine::minimumSizeHint() const { return {QFontMetrics(font()).averageCharWidth() * 10, sizeHint().height()}; }

void StatusLine::paintEvent(QPaintEvent*) {
  QPainter painter(this);
  const QFontMetrics metrics(font());
  const QRect area = rect().adjusted(metrics.averageCharWidth(), 0, -metrics.averageCharWidth(), 0);
  painter.setPen(palette().color(shown().isEmpty() ? QPalette::PlaceholderText : QPalette::WindowText));
  const QString text = shown().isEmpty() ? tr("Nothing is selected") : shown();
  painter.drawText(area, Qt::AlignLeft | Qt::AlignVCenter, metrics.elidedText(text, Qt::ElideMiddle, area.width()));
}

}  // namespace rolora::widgets
