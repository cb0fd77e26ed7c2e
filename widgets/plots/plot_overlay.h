// SPDX-License-Identifier: GPL-3.0-or-later
// What moves with the pointer, on the buffered layer above the data: crosshair, the text beside it, rubber bands, the focus ring.
#pragma once

#include <qcustomplot.h>

#include <QPointer>
#include <optional>

#include "widgets/plots/plot.h"

namespace rolora::widgets {

/// Crosshairs, the rectangle that is drawn and the ring of the focus; below the marks.
class PlotOverlay : public QCPLayerable {
 public:
  PlotOverlay(QCustomPlot* plot, const PlotStyle& style) : QCPLayerable(plot, QStringLiteral("overlay")), style_(&style) {}

  struct Cross {
    QPointF at;  ///< NaN leaves a direction out
    QPointer<QCPAxisRect> panel;
    bool dashed = false;
  };
  QVector<Cross> crosses;
  QString text;     ///< beside text_at
  QPointF text_at;  ///< in plot units
  std::optional<QRectF> band;
  bool focus_ring = false;

 protected:
  void applyDefaultAntialiasingHint(QCPPainter* painter) const override { painter->setAntialiasing(true); }
  void draw(QCPPainter* painter) override;

 private:
  void draw_cross(QCPPainter* painter, const Cross& cross) const;
  const PlotStyle* style_;
};

/// What the pointer tells, above the marks.
class PointerText : public QCPLayerable {
 public:
  PointerText(QCustomPlot* plot, const PlotStyle& style, const PlotOverlay& overlay)
      : QCPLayerable(plot, QStringLiteral("overlay")), style_(&style), overlay_(&overlay) {}

 protected:
  void applyDefaultAntialiasingHint(QCPPainter* painter) const override { painter->setAntialiasing(true); }
  void draw(QCPPainter* painter) override;

 private:
  QPointF free_place(QSizeF size, const QRectF& room, double away) const;
  const PlotStyle* style_;
  const PlotOverlay* overlay_;
};

/// The text in place of a plot without data.
class EmptyText : public QCPLayerable {
 public:
  EmptyText(QCustomPlot* plot, const PlotStyle& style) : QCPLayerable(plot, QStringLiteral("main")), style_(&style) {}
  QString text;

 protected:
  void applyDefaultAntialiasingHint(QCPPainter* painter) const override { painter->setAntialiasing(true); }
  void draw(QCPPainter* painter) override;

 private:
  const PlotStyle* style_;
};

}  // namespace rolora::widgets
