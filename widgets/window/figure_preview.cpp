// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/window/figure_preview.h"

#include <QPainter>
#include <QScreen>

#include "widgets/base/style_shapes.h"
#include "widgets/base/theme.h"

namespace rolora::widgets {
namespace {

int margin() { return qRound(style_unit() * 0.8); }

}  // namespace

FigurePreview::FigurePreview(QWidget* parent) : QWidget(parent) {
  setObjectName(QStringLiteral("figure.preview"));
  setAccessibleName(tr("Figure at true size"));
  setSizePolicy(QSizePolicy::Minimum, QSizePolicy::Minimum);
}

double FigurePreview::dots_per_inch() const {
  const QScreen* on = screen();
  if (on == nullptr) return logicalDpiX();
  const double physical = on->physicalDotsPerInchX();
  return physical > 50 && physical < 400 ? physical : on->logicalDotsPerInchX();
}

void FigurePreview::show_figure(const FigurePtr& figure, const FigureSettings& settings) {
  drawn_ = {};
  if (figure != nullptr) {
    points_ = settings.size(*figure);
    const double scale = dots_per_inch() / 72, ratio = devicePixelRatioF();
    drawn_ = QPixmap((points_ * scale * ratio).toSize());
    drawn_.setDevicePixelRatio(ratio);
    drawn_.fill(Qt::white);
    QPainter painter(&drawn_);
    painter.setRenderHints(QPainter::Antialiasing | QPainter::TextAntialiasing);
    painter.scale(scale, scale);
    figure->paint(painter, points_, settings.style());
  }
  updateGeometry();
  resize(sizeHint().expandedTo(parentWidget() == nullptr ? QSize() : parentWidget()->size()));
  update();
}

QSize FigurePreview::sizeHint() const {
  const double scale = dots_per_inch() / 72;
  return (points_ * scale).toSize() + QSize(2 * margin(), 2 * margin());
}

void FigurePreview::paintEvent(QPaintEvent*) {
  QPainter painter(this);
  if (drawn_.isNull()) {
    painter.setPen(palette().color(QPalette::PlaceholderText));
    painter.drawText(rect(), Qt::AlignCenter, tr("The view has nothing to show yet"));
    return;
  }
  const QSize size = drawn_.deviceIndependentSize().toSize();
  const QRect sheet(QPoint((width() - size.width()) / 2, (height() - size.height()) / 2), size);
  painter.drawPixmap(sheet, drawn_);
  painter.setPen(theme_colours(palette()).line);
  painter.drawRect(sheet.adjusted(-1, -1, 0, 0));
}

}  // namespace rolora::widgets
