// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/plots/plot_overlay.h"

#include <QFontMetricsF>
#include <algorithm>
#include <cmath>

namespace rolora::widgets {

void PlotOverlay::draw(QCPPainter* painter) {
  for (const Cross& cross : crosses) draw_cross(painter, cross);
  if (band) {
    QColor fill = style_->highlight;
    fill.setAlphaF(0.15F);
    painter->setPen(QPen(style_->highlight, 1));
    painter->setBrush(fill);
    painter->drawRect(*band);
  }
  if (!text.isEmpty()) draw_text(painter);
  if (focus_ring) {
    painter->setPen(QPen(style_->highlight, 2));
    painter->setBrush(Qt::NoBrush);
    painter->drawRect(QRectF(parentPlot()->viewport()).adjusted(1, 1, -1, -1));
  }
}

void PlotOverlay::draw_cross(QCPPainter* painter, const Cross& cross) const {
  if (cross.panel.isNull()) return;
  const QRectF rect = cross.panel->rect();
  const auto* plot = qobject_cast<const Plot*>(parentPlot());
  const bool image = plot != nullptr && plot->is_image();
  const QColor colour = image ? QColor(Qt::white) : style_->highlight;
  painter->save();
  painter->setClipRect(rect.adjusted(-1, -1, 1, 1));
  painter->setAntialiasing(false);
  QColor halo = image ? QColor(Qt::black) : style_->background;  // a light line in a dark one is seen on every colour of a heat map
  halo.setAlphaF(image ? 0.75F : 0.55F);
  for (const QPen& pen : {QPen(halo, 3), QPen(colour, 1, cross.dashed ? Qt::DashLine : Qt::SolidLine)}) {
    painter->setPen(pen);
    if (std::isfinite(cross.at.x())) painter->drawLine(QLineF(cross.at.x(), rect.top(), cross.at.x(), rect.bottom()));
    if (std::isfinite(cross.at.y())) painter->drawLine(QLineF(rect.left(), cross.at.y(), rect.right(), cross.at.y()));
  }
  painter->restore();
}

void PlotOverlay::draw_text(QCPPainter* painter) const {
  const QFontMetricsF metrics(style_->label_font);
  const double pad = metrics.averageCharWidth();
  const QRectF room = QRectF(parentPlot()->viewport()).adjusted(pad, pad, -pad, -pad);
  QRectF box = metrics.boundingRect(QRectF(0, 0, room.width() - 2 * pad, room.height()), Qt::AlignLeft | Qt::TextWordWrap, text);
  box = box.adjusted(-pad, -pad * 0.6, pad, pad * 0.6);
  const double away = pad * 2;
  QPointF at(text_at.x() + away, text_at.y() - away - box.height());
  if (at.x() + box.width() > room.right()) at.setX(text_at.x() - away - box.width());
  if (at.y() < room.top()) at.setY(text_at.y() + away);
  at.setX(std::clamp(at.x(), room.left(), std::max(room.left(), room.right() - box.width())));
  at.setY(std::clamp(at.y(), room.top(), std::max(room.top(), room.bottom() - box.height())));
  box.moveTopLeft(QPointF(std::round(at.x()), std::round(at.y())));
  QColor ground = style_->background;
  ground.setAlphaF(0.95F);
  painter->setPen(QPen(style_->axis, 1));
  painter->setBrush(ground);
  painter->drawRoundedRect(box.translated(0.5, 0.5), pad * 0.5, pad * 0.5);
  painter->setPen(style_->text);
  painter->setFont(style_->label_font);
  painter->drawText(box.adjusted(pad, pad * 0.6, -pad, -pad * 0.6), Qt::AlignLeft | Qt::TextWordWrap, text);
}

void EmptyText::draw(QCPPainter* painter) {
  if (text.isEmpty()) return;
  const QFontMetricsF metrics(style_->title_font);
  const QRectF all = parentPlot()->viewport();
  QRectF box(0, 0, std::min(all.width() * 0.86, metrics.averageCharWidth() * 52), all.height());
  box.moveCenter(all.center());
  QFont font = style_->title_font;
  font.setWeight(QFont::Normal);
  painter->setFont(font);
  painter->setPen(style_->faint_text);
  painter->drawText(box, Qt::AlignCenter | Qt::TextWordWrap, text);
}

}  // namespace rolora::widgets
