// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/plots/plot_overlay.h"

#include <QFontMetricsF>
#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

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

/// Beside the place that is told of, above and right of it before all others, where least of a mark's name and of the place is covered.
QPointF PointerText::free_place(QSizeF size, const QRectF& room, double away) const {
  const QPointF text_at = overlay_->text_at;
  std::vector<QRectF> taken{QRectF(text_at - QPointF(away, away) / 2, QSizeF(away, away))};
  for (QCPLayerable* child : layer()->children()) {
    if (const auto* name = qobject_cast<QCPItemText*>(child)) {
      taken.emplace_back(QRectF(name->topLeft->pixelPosition(), name->bottomRight->pixelPosition()).normalized());
    }
  }
  QPointF best;
  double least = std::numeric_limits<double>::infinity();
  for (const double y : {text_at.y() - away - size.height(), text_at.y() + away}) {
    for (const double x : {text_at.x() + away, text_at.x() - away - size.width()}) {
      const QPointF at(std::clamp(x, room.left(), std::max(room.left(), room.right() - size.width())),
                       std::clamp(y, room.top(), std::max(room.top(), room.bottom() - size.height())));
      double covered = 0;
      for (const QRectF& other : taken) {
        const QRectF common = QRectF(at, size) & other;
        covered += common.width() * common.height();
      }
      if (covered >= least) continue;
      least = covered;
      best = at;
    }
  }
  return {std::round(best.x()), std::round(best.y())};
}

void PointerText::draw(QCPPainter* painter) {
  const QString& text = overlay_->text;
  if (text.isEmpty()) return;
  const QFontMetricsF metrics(style_->label_font);
  const double pad = metrics.averageCharWidth();
  const QRectF room = QRectF(parentPlot()->viewport()).adjusted(pad, pad, -pad, -pad);
  QRectF box = metrics.boundingRect(QRectF(0, 0, room.width() - 2 * pad, room.height()), Qt::AlignLeft | Qt::TextWordWrap, text);
  box = box.adjusted(-pad, -pad * 0.6, pad, pad * 0.6);
  box.moveTopLeft(free_place(box.size(), room, pad * 2));
  painter->setPen(QPen(style_->axis, 1));
  painter->setBrush(style_->background);
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
