// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/plots/heat_map.h"

#include <QCoreApplication>
#include <QFontMetricsF>
#include <QThreadPool>
#include <cmath>

#include "widgets/plots/painter_bridge.h"
#include "widgets/plots/strips.h"

namespace rolora::widgets {

namespace {

constexpr double kPaperScale = 300.0 / 72;    // pixels a point of images in vector figures
constexpr double kFinestPaper = 1200.0 / 72;  // up to here every cell has a pixel of its own, for who zooms in

}  // namespace

QImage heat_image(const HeatGrid& grid, const HeatWindow& window, const HeatColours& colours, const std::atomic<bool>& stop) {
  const std::vector<int32_t> keys = grid.pool(stop);
  QImage image(window.width, window.height, QImage::Format_RGB32);
  const auto width = static_cast<size_t>(window.width);
  auto* pixels = reinterpret_cast<QRgb*>(image.bits());
  const qsizetype stride = image.bytesPerLine() / static_cast<qsizetype>(sizeof(QRgb));
  constexpr int kLeast = 100'000;  // pixels: less is done before a thread wakes up
  in_strips(window.height, std::max(1, kLeast / std::max(1, window.width)), [&](int begin, int end) {
    for (int y = begin; y < end; ++y) {
      QRgb* line = pixels + y * stride;
      const int32_t* key = keys.data() + static_cast<size_t>(y) * width;
      if (y > begin && std::equal(key, key + width, key - width)) {
        std::copy_n(line - stride, width, line);
      } else {
        for (size_t x = 0; x < width; ++x) line[x] = colours.of(key[x]);
      }
    }
  });
  return image;
}

HeatMap::HeatMap(QCPAxis* key_axis, QCPAxis* value_axis, HeatSourcePtr source)
    : QCPAbstractPlottable(key_axis, value_axis),
      source_(std::move(source)),
      colours_(std::make_shared<HeatColours>(HeatScale{}, 1, QString(), Qt::red)) {
  setSelectable(QCP::stNone);
  setAntialiased(false);
}

HeatMap::~HeatMap() {
  if (stop_image_) *stop_image_ = true;
  if (stop_coarse_) *stop_coarse_ = true;
}

void HeatMap::set_colours(std::shared_ptr<const HeatColours> colours) {
  colours_ = std::move(colours);
  image_ = {};
  wanted_ = {};
}

double HeatMap::to_x(double key) const {
  const QRectF r(mKeyAxis->axisRect()->rect());
  const double share = (key - mKeyAxis->range().lower) / mKeyAxis->range().size();
  return r.left() + (mKeyAxis->rangeReversed() ? 1 - share : share) * r.width();
}

double HeatMap::to_y(double value) const {
  const QRectF r(mValueAxis->axisRect()->rect());
  const double share = (value - mValueAxis->range().lower) / mValueAxis->range().size();
  return r.top() + (mValueAxis->rangeReversed() ? share : 1 - share) * r.height();
}

double HeatMap::from_x(double x) const {
  const QRectF r(mKeyAxis->axisRect()->rect());
  const double share = (x - r.left()) / r.width();
  return mKeyAxis->range().lower + (mKeyAxis->rangeReversed() ? 1 - share : share) * mKeyAxis->range().size();
}

double HeatMap::from_y(double y) const {
  const QRectF r(mValueAxis->axisRect()->rect());
  const double share = (y - r.top()) / r.height();
  return mValueAxis->range().lower + (mValueAxis->rangeReversed() ? share : 1 - share) * mValueAxis->range().size();
}

QRectF HeatMap::data_rectangle() const {
  const QPointF a(to_x(-0.5), to_y(-0.5));
  const QPointF b(to_x(static_cast<double>(source_->columns()) - 0.5), to_y(static_cast<double>(source_->rows()) - 0.5));
  return QRectF(a, b).normalized().intersected(QRectF(mKeyAxis->axisRect()->rect()));
}

HeatMap::Resolution HeatMap::resolution(const QCPPainter* painter) const {
  if (painter == nullptr || !painter->modes().testFlag(QCPPainter::pmVectorized)) return {mParentPlot->bufferDevicePixelRatio()};
  const auto* bridge = dynamic_cast<const PainterBridge*>(painter->device());
  const double dots = bridge != nullptr ? bridge->dots_a_unit() : 0;
  return dots > 0 ? Resolution{dots} : Resolution{kPaperScale, kFinestPaper};
}

HeatWindow HeatMap::window_for(const QRectF& r, const Resolution& resolution) const {
  HeatWindow w;
  w.left = from_x(r.left()) + 0.5;
  w.right = from_x(r.right()) + 0.5;
  w.top = from_y(r.top()) + 0.5;
  w.bottom = from_y(r.bottom()) + 0.5;
  const auto pixels = [&](double length, double cells) {
    const double n = std::max(1.0, length * resolution.usual);
    // In vector files each cell gets the same number of pixels, one at least.
    if (resolution.most > 0 && std::fabs(cells - std::round(cells)) < 1e-6 && std::max(n, length * resolution.most) >= cells)
      return static_cast<int>(std::max(1.0, std::ceil(n / cells - 1e-9)) * std::round(cells));
    return static_cast<int>(std::lround(n));
  };
  w.width = pixels(r.width(), std::fabs(w.right - w.left));
  w.height = pixels(r.height(), std::fabs(w.bottom - w.top));
  return w;
}

/// QCustomPlot moves the clip up by one unit before it draws: without the unit more the last line would be missing, a point of white on
/// paper. The image itself ends with the panel.
QRect HeatMap::clipRect() const { return QCPAbstractPlottable::clipRect().adjusted(0, 0, 0, 1); }

void HeatMap::draw(QCPPainter* painter) {
  if (!mKeyAxis || !mValueAxis) return;
  const QRectF rectangle = data_rectangle();
  if (rectangle.width() <= 0 || rectangle.height() <= 0) return;
  const bool paper = painter->modes().testFlag(QCPPainter::pmVectorized);
  const Resolution dots = resolution(painter);
  const double scale = dots.usual;
  QRectF target = rectangle;
  if (!paper) {  // whole device pixels
    const QPointF a(std::floor(rectangle.left() * scale + 0.5), std::floor(rectangle.top() * scale + 0.5));
    const QPointF b(std::floor(rectangle.right() * scale + 0.5), std::floor(rectangle.bottom() * scale + 0.5));
    target = QRectF(a / scale, QPointF(std::max(b.x(), a.x() + 1), std::max(b.y(), a.y() + 1)) / scale);
  }
  const HeatWindow window = window_for(target, dots);
  painter->setRenderHint(QPainter::SmoothPixmapTransform, false);
  if (image_.pixels.isNull() || !(image_.window == window)) {
    const HeatGrid grid(*source_, window);
    if (paper || grid.work() <= HeatSource::kDirectCells) {
      if (stop_image_) *stop_image_ = true;
      waiting_ = false;
      image_ = {window, heat_image(grid, window, *colours_, std::atomic<bool>(false))};
    } else {
      draw_later(window);
    }
    if (!paper && !source_->coarse && source_->rows() * source_->columns() > HeatSource::kDirectCells) make_coarse_later();
  }
  if (image_.pixels.isNull()) return;
  if (image_.window == window) {
    painter->drawImage(target, image_.pixels);
  } else {  // the last image, where its cells are now, until the new one comes
    const auto& old = image_.window;
    const QPointF a(to_x(old.left - 0.5), to_y(old.top - 0.5));
    const QPointF b(to_x(old.right - 0.5), to_y(old.bottom - 0.5));
    painter->drawImage(QRectF(a, b), image_.pixels);
  }
}

void HeatMap::draw_later(const HeatWindow& window) {
  if (waiting_ && wanted_ == window) return;
  if (stop_image_) *stop_image_ = true;
  auto stop = std::make_shared<std::atomic<bool>>(false);
  stop_image_ = stop;
  wanted_ = window;
  waiting_ = true;
  QPointer<HeatMap> self(this);
  QThreadPool::globalInstance()->start([self, stop, window, source = source_, colours = colours_, grid = HeatGrid(*source_, window)] {
    const QImage pixels = heat_image(grid, window, *colours, *stop);
    QMetaObject::invokeMethod(QCoreApplication::instance(), [self, stop, window, pixels] {
      if (*stop || self.isNull()) return;
      self->image_ = {window, pixels};
      self->waiting_ = false;
      self->mParentPlot->replot(QCustomPlot::rpQueuedReplot);
    });
  });
}

void HeatMap::make_coarse_later() {
  if (stop_coarse_) return;
  stop_coarse_ = std::make_shared<std::atomic<bool>>(false);
  QThreadPool::globalInstance()->start([stop = stop_coarse_, source = source_] {
    auto coarse = source->make_coarse(*stop);
    if (coarse == nullptr) return;
    QMetaObject::invokeMethod(QCoreApplication::instance(), [source, coarse] { source->coarse = coarse; });
  });
}

CellBlock HeatMap::block_around(QPointF position, int columns, int rows) const {
  const HeatWindow window = image_.pixels.isNull() ? window_for(data_rectangle(), resolution(nullptr)) : image_.window;
  if (window.width < 1 || window.height < 1) return {};
  const double left = to_x(window.left - 0.5), right = to_x(window.right - 0.5);
  const double top = to_y(window.top - 0.5), bottom = to_y(window.bottom - 0.5);
  const int x = static_cast<int>(std::floor((position.x() - left) / (right - left) * window.width));
  const int y = static_cast<int>(std::floor((position.y() - top) / (bottom - top) * window.height));
  const HeatGrid grid(*source_, window);
  const CellBlock a = grid.block(x - columns, y - rows), b = grid.block(x + columns, y + rows);
  return {std::min(a.row_begin, b.row_begin), std::max(a.row_end, b.row_end), std::min(a.column_begin, b.column_begin),
          std::max(a.column_end, b.column_end)};
}

std::optional<std::pair<int64_t, int64_t>> HeatMap::cell_at(QPointF position) const {
  if (!data_rectangle().contains(position)) return {};
  return largest_cell(*source_, block_around(position, 0, 0));
}

std::optional<std::pair<int64_t, int64_t>> HeatMap::cell_near(QPointF position, double threshold) const {
  const auto cell = cell_at(position);
  if (!cell || std::fabs(source_->at(cell->first, cell->second)) >= threshold) return cell;
  const auto [rows, columns] = pooled();
  for (int reach = 1; reach <= 3; ++reach) {
    const auto near = largest_cell(*source_, block_around(position, columns > 1 ? reach : 0, rows > 1 ? reach : 0));
    if (std::fabs(source_->at(near.first, near.second)) >= threshold) return near;
  }
  return cell;
}

std::pair<int64_t, int64_t> HeatMap::pooled(const QCPPainter* painter) const {
  const QRectF rectangle = data_rectangle();
  if (rectangle.isEmpty()) return {1, 1};
  return HeatGrid(*source_, window_for(rectangle, resolution(painter))).pooled();
}

CellBlock HeatMap::visible_cells() const {
  const auto cut = [](QCPRange r, int64_t n) {
    const auto limit = static_cast<double>(n);
    return std::pair<int64_t, int64_t>(static_cast<int64_t>(std::clamp(std::floor(r.lower + 0.5), 0.0, limit)),
                                       static_cast<int64_t>(std::clamp(std::ceil(r.upper + 0.5), 0.0, limit)));
  };
  const auto rows = cut(mValueAxis->range(), source_->rows());
  const auto columns = cut(mKeyAxis->range(), source_->columns());
  return {rows.first, rows.second, columns.first, columns.second};
}

double HeatMap::selectTest(const QPointF&, bool, QVariant*) const { return -1; }

QCPRange HeatMap::getKeyRange(bool& found, QCP::SignDomain) const {
  found = true;
  return QCPRange(-0.5, static_cast<double>(source_->columns()) - 0.5);
}

QCPRange HeatMap::getValueRange(bool& found, QCP::SignDomain, const QCPRange&) const {
  found = true;
  return QCPRange(-0.5, static_cast<double>(source_->rows()) - 0.5);
}

void HeatMap::drawLegendIcon(QCPPainter* painter, const QRectF& rect) const { painter->fillRect(rect, QColor(colours_->of_value(1))); }

HeatHeader::HeatHeader(HeatMap* map, QCPAxisRect* panel, const PlotStyle& style, QString title)
    : QCPLayerable(panel->parentPlot(), QStringLiteral("axes")),
      map_(map),
      panel_(panel),
      title_font_(style.title_font),
      badge_font_(style.tick_font),
      title_colour_(style.text),
      badge_colour_(style.faint_text),
      frame_(style.axis_pen()),
      title_(std::move(title)) {}

void HeatHeader::set_note(const QString& note, const QString& longer) {
  note_ = note;
  longer_note_ = longer;
}

int HeatHeader::height(const PlotStyle& style) {
  return static_cast<int>(std::ceil(std::max(QFontMetricsF(style.title_font).height(), QFontMetricsF(style.tick_font).height()) * 1.25));
}

void HeatHeader::draw(QCPPainter* painter) {
  if (panel_.isNull() || map_.isNull()) return;
  const QRectF rect = panel_->rect();
  painter->setPen(frame_);
  painter->setBrush(Qt::NoBrush);
  const bool vectors = painter->modes().testFlag(QCPPainter::pmVectorized);
  const double half = frame_.widthF() / 2;
  painter->setAntialiasing(vectors);  // around the image, over none of its pixels
  painter->drawRect(vectors ? rect.adjusted(-half, -half, half, half) : rect.adjusted(-1, -1, 0, 0));
  painter->setAntialiasing(true);
  const double tall = QFontMetricsF(title_font_).height();
  QRectF line(rect.left(), rect.top() - tall * 1.2, rect.width(), tall);
  const auto [rows, columns] = map_->pooled(painter);
  QString pooled, pooled_short;
  if (rows > 1 || columns > 1) {
    pooled = QCoreApplication::translate("HeatHeader", "max of %1×%2 cells per pixel").arg(rows).arg(columns);
    pooled_short = QCoreApplication::translate("HeatHeader", "max of %1×%2").arg(rows).arg(columns);
  }
  const QFontMetricsF small(badge_font_), large(title_font_);
  QString badge;
  double badge_width = 0;
  for (const QStringList& form :
       {QStringList{longer_note_, note_, pooled}, {note_, pooled}, {note_, pooled_short}}) {  // a narrow panel: short
    QStringList parts = form;
    parts.removeAll(QString());
    badge = parts.join(QStringLiteral(" · "));
    badge_width = badge.isEmpty() ? 0 : small.horizontalAdvance(badge) + large.averageCharWidth() * 2;
    if (badge_width <= std::max(line.width() * 0.6, line.width() - large.horizontalAdvance(title_))) break;
  }
  painter->setFont(title_font_);
  painter->setPen(title_colour_);
  painter->drawText(line.adjusted(0, 0, -badge_width, 0), Qt::AlignLeft | Qt::AlignBottom,
                    large.elidedText(title_, Qt::ElideMiddle, line.width() - badge_width));
  if (badge.isEmpty()) return;
  painter->setFont(badge_font_);
  painter->setPen(badge_colour_);
  painter->drawText(line, Qt::AlignRight | Qt::AlignBottom, badge);
}

}  // namespace rolora::widgets
