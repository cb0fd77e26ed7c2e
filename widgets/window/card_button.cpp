// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/window/card_button.h"

#include <QEvent>
#include <QPainter>
#include <QStyle>
#include <algorithm>

#include "widgets/base/icons.h"
#include "widgets/base/style_shapes.h"
#include "widgets/base/theme.h"

namespace rolora::widgets {
namespace {

int pad() { return qRound(style_unit() * 0.85); }
int icon_size() { return qRound(style_unit() * 1.7); }

}  // namespace

CardButton::CardButton(const QString& icon_name, const QString& title, const QString& explanation, QWidget* parent)
    : QAbstractButton(parent), title_(title), explanation_(explanation) {
  setIcon(rolora::widgets::icon(icon_name));
  setText(title);
  setAccessibleName(title);
  setAccessibleDescription(explanation);
  setToolTip(explanation);
  setFocusPolicy(Qt::StrongFocus);
  setAttribute(Qt::WA_Hover);
  QSizePolicy policy(QSizePolicy::Expanding, QSizePolicy::Preferred);
  policy.setHeightForWidth(true);
  setSizePolicy(policy);
}

void CardButton::set_leading(bool leading) {
  leading_ = leading;
  update();
}

QFont CardButton::title_font() const {
  QFont bold = font();
  bold.setWeight(QFont::DemiBold);
  return bold;
}

int CardButton::text_left() const { return pad() * 2 + icon_size(); }

int CardButton::heightForWidth(int width) const {
  const int room = std::max(1, width - text_left() - pad());
  const int text = QFontMetrics(font()).boundingRect(QRect(0, 0, room, 1 << 20), Qt::TextWordWrap, explanation_).height();
  return pad() * 2 + std::max(icon_size(), QFontMetrics(title_font()).height() + qRound(style_unit() * 0.2) + text);
}

QSize CardButton::sizeHint() const {
  const int width = qRound(style_unit() * 30);
  return {width, heightForWidth(width)};
}

QSize CardButton::minimumSizeHint() const {
  const int width = qRound(style_unit() * 18);
  return {width, heightForWidth(width)};
}

void CardButton::paintEvent(QPaintEvent*) {
  QPainter painter(this);
  painter.setRenderHint(QPainter::Antialiasing);
  const ThemeColours colours = theme_colours(palette());
  const bool hover = underMouse() && isEnabled();
  const double radius = style_unit() * 0.35;
  QColor fill = colours.raised, border = colours.line;
  QColor title = palette().color(QPalette::WindowText), text = colours.faint_text;
  QIcon::Mode mode = QIcon::Normal;
  if (leading_) {
    fill = palette().color(QPalette::Highlight);
    border = fill;
    title = text = palette().color(QPalette::HighlightedText);
    mode = QIcon::Selected;
  }
  if (isDown() || hover) {
    fill = leading_ ? fill.darker(isDown() ? 125 : 108) : palette().color(QPalette::Midlight);
    if (!leading_) border = palette().color(QPalette::Dark);
  }
  painter.setPen(QPen(border, 1));
  painter.setBrush(fill);
  painter.drawRoundedRect(QRectF(rect()).adjusted(0.5, 0.5, -0.5, -0.5), radius, radius);
  if (hasFocus()) {
    painter.setPen(QPen(leading_ ? title : colours.accent, 2));
    painter.setBrush(Qt::NoBrush);
    painter.drawRoundedRect(QRectF(rect()).adjusted(2.5, 2.5, -2.5, -2.5), radius, radius);
  }
  icon().paint(&painter, QRect(pad(), pad(), icon_size(), icon_size()), Qt::AlignCenter, mode);
  const QFont bold = title_font();
  const int line = QFontMetrics(bold).height();
  QRect area(text_left(), pad(), width() - text_left() - pad(), line);
  painter.setFont(bold);
  painter.setPen(title);
  painter.drawText(area, Qt::AlignLeft | Qt::AlignVCenter, title_);
  area.setTop(area.bottom() + 1 + qRound(style_unit() * 0.2));
  area.setBottom(height());
  painter.setFont(font());
  painter.setPen(text);
  painter.drawText(area, Qt::AlignLeft | Qt::AlignTop | Qt::TextWordWrap, explanation_);
}

void CardButton::changeEvent(QEvent* event) {
  if (event->type() == QEvent::FontChange || event->type() == QEvent::StyleChange) updateGeometry();
  QAbstractButton::changeEvent(event);
}

bool CardButton::event(QEvent* event) {
  if (event->type() == QEvent::Enter || event->type() == QEvent::Leave) update();
  return QAbstractButton::event(event);
}

}  // namespace rolora::widgets
