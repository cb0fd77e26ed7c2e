// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/trees/bar_delegate.h"

#include <QApplication>
#include <QPainter>
#include <algorithm>
#include <cmath>
#include <limits>

#include "widgets/base/theme.h"
#include "widgets/trees/keyed_tree.h"

namespace rolora::widgets {
namespace {

constexpr int kLeastLane = 12;  // characters that two numbers must leave for the bars

}  // namespace

void BarDelegate::set_most(double most) {
  if (most > 0) most_ = most;
}

double BarDelegate::place(double value) const {
  if (!(value >= 0)) return std::numeric_limits<double>::quiet_NaN();
  return std::min(value / most_, 1.0);
}

void BarDelegate::paint(QPainter* painter, const QStyleOptionViewItem& given, const QModelIndex& index) const {
  QStyleOptionViewItem option = given;
  initStyleOption(&option, index);
  const QString text = option.text;
  option.text.clear();
  const QStyle* style = option.widget != nullptr ? option.widget->style() : QApplication::style();
  style->drawControl(QStyle::CE_ItemViewItem, &option, painter, option.widget);

  const QFontMetrics& metrics = option.fontMetrics;
  const QString both =
      metrics.horizontalAdvance(QStringLiteral("0.00000 | 0.00000")) + kLeastLane * metrics.averageCharWidth() <= option.rect.width()
          ? QStringLiteral("0.00000 | 0.00000")
          : QString();
  const QString number = both.isEmpty() ? text.section(QStringLiteral(" | "), 0, 0) : text;
  const int gap = metrics.averageCharWidth(), number_width = metrics.horizontalAdvance(both.isEmpty() ? QStringLiteral("0.00000") : both);
  const bool selected = option.state.testFlag(QStyle::State_Selected), faint = index.data(kFaintRole).toBool();
  const ThemeColours colours = theme_colours(option.palette);
  const QColor ink = selected ? option.palette.color(QPalette::HighlightedText) : option.palette.color(QPalette::Text);
  const QRect cell = option.rect.adjusted(gap, 0, -gap, 0);
  const QRectF lane(cell.left(), cell.center().y() - metrics.height() * 0.28, std::max(0, cell.width() - number_width - gap),
                    metrics.height() * 0.56);
  painter->save();
  painter->setRenderHint(QPainter::Antialiasing);
  const double bar = place(index.data(kBarRole).toDouble()), beside = place(index.data(kTickRole).toDouble());
  if (std::isfinite(bar) && lane.width() > gap) {
    QColor ground = ink;
    ground.setAlphaF(0.10F);
    painter->setPen(Qt::NoPen);
    painter->setBrush(ground);
    painter->drawRect(lane);
    const bool two = std::isfinite(beside);
    painter->setBrush(selected ? ink : faint ? colours.faint_text : colours.accent);
    painter->drawRect(QRectF(lane.left(), lane.top(), lane.width() * bar, lane.height() * (two ? 0.5 : 1)));
    if (two) {  // below and fainter, so that it is told without colour
      QColor second = selected ? ink : colours.faint_text;
      second.setAlphaF(0.65F);
      painter->setBrush(second);
      painter->drawRect(QRectF(lane.left(), lane.center().y(), lane.width() * beside, lane.height() / 2));
    }
  }
  painter->setPen(faint && !selected ? colours.faint_text : ink);
  painter->setFont(option.font);
  painter->drawText(cell, Qt::AlignRight | Qt::AlignVCenter, number);
  painter->restore();
}

}  // namespace rolora::widgets
