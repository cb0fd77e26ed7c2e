// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/plots/plot.h"

#include <QFontMetricsF>
#include <cmath>

#include "widgets/plots/plot_figure.h"
#include "widgets/plots/plot_interaction.h"

namespace rolora::widgets {

Plot::Plot(QWidget* parent) : QCustomPlot(parent), interaction_(std::make_unique<Interaction>()) {
  qRegisterMetaType<Hit>();
  install_accessible_charts();
  style_ = PlotStyle::screen(palette(), font());
  setInteractions(QCP::iNone);
  setNoAntialiasingOnDrag(false);
  setPlottingHint(QCP::phCacheLabels, true);
  setFocusPolicy(Qt::StrongFocus);
  setAttribute(Qt::WA_AcceptTouchEvents, false);
  setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Expanding);
  setAutoAddPlottableToLegend(false);
  plotLayout()->clear();
  interaction_->overlay = std::make_unique<PlotOverlay>(this, style_);
  interaction_->told = std::make_unique<PointerText>(this, style_, *interaction_->overlay);
  interaction_->empty = std::make_unique<EmptyText>(this, style_);
  setBackground(QBrush(style_.background));
}

Plot::~Plot() = default;

FigurePtr Plot::figure() const {
  if (!has_data()) return nullptr;
  std::unique_ptr<Plot> frozen = copy();
  frozen->title_ = title_;
  frozen->selection_ = selection_;
  frozen->style_ = style_;
  return std::make_shared<PlotFigure>(std::move(frozen), view_ranges());
}

void Plot::set_style(const PlotStyle& style) {
  if (style == style_ && interaction_->drawn) return;
  style_ = style;
  if (interaction_->drawn) {
    data_changed(true);
  } else {
    setBackground(QBrush(style_.background));
    replot(rpQueuedReplot);
  }
}

void Plot::set_title(const QString& title) {
  title_ = title;
  setAccessibleName(title);
}

void Plot::set_empty_text(const QString& text) {
  empty_text_ = text;
  interaction_->empty->text = text;
  if (!interaction_->drawn || !has_data()) replot(rpQueuedReplot);
}

void Plot::set_selection(const Selection& selection) {
  selection_ = selection;
  if (!interaction_->drawn) return;
  const QList<QCPLayerable*> children = overlay_layer()->children();
  for (QCPLayerable* child : children) {
    if (auto* item = qobject_cast<QCPAbstractItem*>(child)) removeItem(item);
  }
  if (has_data()) mark_all();
  redraw_overlay();
  announce_sentence(this, sentence());
}

QString Plot::sentence() const {
  if (!interaction_->drawn || !has_data()) return empty_text_;
  if (const auto hit = cursor()) return hit->text;
  return title_;
}

void Plot::show_linked_crosshair(double key, double value) {
  PlotOverlay& overlay = *interaction_->overlay;
  overlay.crosses.clear();
  overlay.text.clear();
  for (QCPAxisRect* panel : axisRects()) {
    QCPAxis* x = panel->rangeZoomAxis(Qt::Horizontal);
    QCPAxis* y = panel->rangeZoomAxis(Qt::Vertical);
    if (x == nullptr || y == nullptr) continue;
    const double px = std::isfinite(key) ? x->coordToPixel(key) : qQNaN();
    const double py = std::isfinite(value) ? y->coordToPixel(value) : qQNaN();
    overlay.crosses.append({QPointF(px, py), panel, true});
  }
  redraw_overlay();
}

QCPLayer* Plot::overlay_layer() const { return layer(QStringLiteral("overlay")); }

void Plot::redraw_overlay() {
  if (replotTime() > 0) overlay_layer()->replot();
}

QCPRange Plot::limited(const QCPAxis* axis, const QCPRange& wanted) const {
  QCPRange range = wanted;
  range.normalize();
  if (!QCPRange::validRange(range)) return axis->range();
  return range;
}

void Plot::data_changed(bool keep_view) {
  const QVector<QCPRange> before = view_ranges();
  const bool keep = keep_view && interaction_->drawn;
  redraw();
  if (has_data()) {
    set_full_ranges();
    if (keep && before.size() == view_ranges().size() && !before.isEmpty()) {
      set_view_ranges(before);
    } else {
      interaction_->back.clear();
      interaction_->forward.clear();
    }
    updateLayout();  // marks are placed by pixels
    mark_all();
  }
  replot(rpQueuedReplot);
}

void Plot::redraw() {
  Interaction& state = *interaction_;
  state.drawn = true;
  state.links.clear();
  state.overlay->crosses.clear();
  state.overlay->text.clear();
  state.overlay->band.reset();
  state.last_hit.reset();
  state.panel.clear();
  clearPlottables();
  clearItems();
  plotLayout()->clear();
  setBackground(style_.background.alpha() == 0 ? QBrush(Qt::NoBrush) : QBrush(style_.background));
  const int margin = static_cast<int>(std::lround(style_.spacing));
  plotLayout()->setMargins(QMargins(margin, margin, margin, margin));
  plotLayout()->setRowSpacing(margin);
  plotLayout()->setColumnSpacing(margin);
  state.empty->setVisible(!has_data());
  if (has_data()) draw(style_);
}

void Plot::mark(const PlotStyle& style) {
  if (const auto hit = hit_of_selection()) mark_hit(*hit, style);
}

void Plot::mark_hit(const Hit& hit, const PlotStyle& style) {
  if (hit.panel == nullptr || hit.panel->width() < 1 || hit.panel->height() < 1) return;
  QCPAxis* x = hit.panel->rangeZoomAxis(Qt::Horizontal);
  QCPAxis* y = hit.panel->rangeZoomAxis(Qt::Vertical);
  if (x == nullptr || y == nullptr) return;
  for (const bool halo : {true, false}) {  // a ring that is seen on every ground
    auto* ring = new QCPItemTracer(this);
    ring->setLayer(overlay_layer());
    ring->setClipAxisRect(hit.panel);
    ring->position->setAxes(x, y);
    ring->position->setCoords(x->pixelToCoord(hit.position.x()), y->pixelToCoord(hit.position.y()));
    ring->setStyle(QCPItemTracer::tsCircle);
    ring->setSize(style.marker_size * 2);
    ring->setPen(halo ? QPen(style.background, style.line_width * 2.2) : QPen(style.highlight, style.line_width));
    ring->setBrush(Qt::NoBrush);
    ring->setSelectable(false);
  }
}

void Plot::link_axes(const QList<QCPAxis*>& axes) {
  interaction_->links.append(axes);
  for (QCPAxis* axis : axes) {
    connect(axis, qOverload<const QCPRange&>(&QCPAxis::rangeChanged), this, [this, axes](const QCPRange& range) {
      if (interaction_->moving_linked) return;
      interaction_->moving_linked = true;
      for (QCPAxis* other : axes) other->setRange(range);
      interaction_->moving_linked = false;
    });
  }
}

QCPAxisRect* Plot::add_panel(int row, int column, const PlotStyle& style, bool grid) {
  auto* panel = new QCPAxisRect(this, true);
  plotLayout()->addElement(row, column, panel);
  for (QCPAxis* axis : panel->axes()) style_axis(axis, style, grid);
  panel->setMinimumMargins(QMargins(0, 0, 0, 0));
  panel->setBackground(QBrush(Qt::NoBrush));
  return panel;
}

void Plot::style_axis(QCPAxis* axis, const PlotStyle& style, bool grid) const {
  const double tick = QFontMetricsF(style.tick_font).height() * 0.28;
  axis->setBasePen(style.axis_pen());
  axis->setTickPen(style.axis_pen());
  axis->setSubTickPen(style.axis_pen());
  axis->setTickLength(0, static_cast<int>(std::lround(tick)));
  axis->setSubTickLength(0, static_cast<int>(std::lround(tick * 0.5)));
  axis->setTickLabelFont(style.tick_font);
  axis->setTickLabelColor(style.text);
  axis->setTickLabelPadding(static_cast<int>(std::lround(style.spacing * 0.5)));
  axis->setLabelFont(style.label_font);
  axis->setLabelColor(style.text);
  axis->setLabelPadding(static_cast<int>(std::lround(style.spacing * 0.6)));
  axis->setNumberFormat(QStringLiteral("gb"));
  axis->setNumberPrecision(5);
  axis->grid()->setVisible(grid);
  axis->grid()->setPen(style.grid_pen());
  axis->grid()->setSubGridVisible(false);
  axis->grid()->setZeroLinePen(style.grid_pen());
}

QCPTextElement* Plot::add_text(int row, int column, const QString& text, const QFont& font, const QColor& colour, Qt::Alignment alignment) {
  auto* element = new QCPTextElement(this, text, font);
  element->setTextColor(colour);
  element->setTextFlags(static_cast<int>(alignment));
  element->setMargins(QMargins(0, 0, 0, 0));
  plotLayout()->addElement(row, column, element);
  return element;
}

QVector<QCPRange> Plot::view_ranges() const {
  QVector<QCPRange> out;
  for (QCPAxisRect* panel : axisRects()) {
    for (QCPAxis* axis : panel->axes()) out.append(axis->range());
  }
  return out;
}

void Plot::set_view_ranges(const QVector<QCPRange>& ranges) {
  qsizetype i = 0;
  for (QCPAxisRect* panel : axisRects()) {
    for (QCPAxis* axis : panel->axes()) {
      if (i < ranges.size()) axis->setRange(ranges[i++]);
    }
  }
}

}  // namespace rolora::widgets
