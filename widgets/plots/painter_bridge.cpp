// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/plots/painter_bridge.h"

#include <QPainterPath>
#include <cmath>

namespace rolora::widgets {

class PainterBridge::Engine : public QPaintEngine {
 public:
  Engine(QPainter& target, bool outlines)
      : QPaintEngine(QPaintEngine::AllFeatures), target_(target), base_(target.worldTransform()), outlines_(outlines) {}
  bool begin(QPaintDevice*) override { return true; }
  bool end() override { return true; }
  Type type() const override { return QPaintEngine::User; }

  void updateState(const QPaintEngineState& state) override {
    const DirtyFlags dirty = state.state();
    if (dirty & DirtyTransform) target_.setWorldTransform(state.transform() * base_);
    if (dirty & DirtyPen) target_.setPen(state.pen());
    if (dirty & DirtyBrush) target_.setBrush(state.brush());
    if (dirty & DirtyBrushOrigin) target_.setBrushOrigin(state.brushOrigin());
    if (dirty & DirtyFont) target_.setFont(state.font());
    if (dirty & DirtyBackground) target_.setBackground(state.backgroundBrush());
    if (dirty & DirtyBackgroundMode) target_.setBackgroundMode(state.backgroundMode());
    if (dirty & DirtyOpacity) target_.setOpacity(state.opacity());
    if (dirty & DirtyCompositionMode && target_.compositionMode() != state.compositionMode()) {
      target_.setCompositionMode(state.compositionMode());
    }
    if (dirty & DirtyHints) {
      for (const auto hint : {QPainter::Antialiasing, QPainter::TextAntialiasing, QPainter::SmoothPixmapTransform}) {
        target_.setRenderHint(hint, state.renderHints().testFlag(hint));
      }
    }
    if (dirty & DirtyClipPath) target_.setClipPath(state.clipPath(), state.clipOperation());
    if (dirty & DirtyClipRegion) target_.setClipRegion(state.clipRegion(), state.clipOperation());
    if (dirty & DirtyClipEnabled) target_.setClipping(state.isClipEnabled());
  }

  void drawPath(const QPainterPath& path) override { target_.drawPath(path); }
  void drawPolygon(const QPointF* points, int count, PolygonDrawMode mode) override {
    if (mode == PolylineMode) {
      target_.drawPolyline(points, count);
    } else {
      target_.drawPolygon(points, count, mode == WindingMode ? Qt::WindingFill : Qt::OddEvenFill);
    }
  }
  void drawPolygon(const QPoint* points, int count, PolygonDrawMode mode) override {
    QVector<QPointF> exact(points, points + count);
    drawPolygon(exact.constData(), count, mode);
  }
  void drawLines(const QLineF* lines, int count) override { target_.drawLines(lines, count); }
  void drawLines(const QLine* lines, int count) override { target_.drawLines(lines, count); }
  void drawRects(const QRectF* rects, int count) override { target_.drawRects(rects, count); }
  void drawRects(const QRect* rects, int count) override { target_.drawRects(rects, count); }
  void drawEllipse(const QRectF& rect) override { target_.drawEllipse(rect); }
  void drawEllipse(const QRect& rect) override { target_.drawEllipse(rect); }
  void drawPoints(const QPointF* points, int count) override { target_.drawPoints(points, count); }
  void drawPoints(const QPoint* points, int count) override { target_.drawPoints(points, count); }
  void drawPixmap(const QRectF& to, const QPixmap& pixmap, const QRectF& from) override { target_.drawPixmap(to, pixmap, from); }
  void drawTiledPixmap(const QRectF& to, const QPixmap& pixmap, const QPointF& at) override { target_.drawTiledPixmap(to, pixmap, at); }
  void drawImage(const QRectF& to, const QImage& image, const QRectF& from, Qt::ImageConversionFlags flags) override {
    target_.drawImage(to, image, from, flags);
  }
  void drawTextItem(const QPointF& at, const QTextItem& item) override {
    if (outlines_) {
      QPaintEngine::drawTextItem(at, item);  // fills the glyphs' outlines through our own painter
    } else {
      target_.drawTextItem(at, item);
    }
  }

 private:
  QPainter& target_;
  QTransform base_;
  bool outlines_;
};

PainterBridge::PainterBridge(QPainter& target, QSizeF size, bool outlines)
    : size_(size), engine_(std::make_unique<Engine>(target, outlines)), target_(target) {
  target_.save();
}

PainterBridge::~PainterBridge() { target_.restore(); }

double PainterBridge::dots_a_unit() const {
  const QPaintEngine* engine = target_.paintEngine();
  if (engine == nullptr || engine->type() != QPaintEngine::Raster) return 0;
  const QTransform transform = target_.combinedTransform();
  return std::hypot(transform.m11(), transform.m12());
}

QPaintEngine* PainterBridge::paintEngine() const { return engine_.get(); }

int PainterBridge::metric(PaintDeviceMetric metric) const {
  constexpr double kUnitsPerInch = 72;
  switch (metric) {
    case PdmWidth:
      return static_cast<int>(std::ceil(size_.width()));
    case PdmHeight:
      return static_cast<int>(std::ceil(size_.height()));
    case PdmWidthMM:
      return static_cast<int>(std::lround(size_.width() / kUnitsPerInch * 25.4));
    case PdmHeightMM:
      return static_cast<int>(std::lround(size_.height() / kUnitsPerInch * 25.4));
    case PdmNumColors:
      return 1 << 24;
    case PdmDepth:
      return 32;
    case PdmDpiX:
    case PdmDpiY:
    case PdmPhysicalDpiX:
    case PdmPhysicalDpiY:
      return static_cast<int>(kUnitsPerInch);
    case PdmDevicePixelRatio:
      return 1;
    case PdmDevicePixelRatioScaled:
      return static_cast<int>(QPaintDevice::devicePixelRatioFScale());
  }
  return 0;
}

}  // namespace rolora::widgets
