// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/plots/heat_plot.h"

#include <QFontMetricsF>
#include <QKeyEvent>
#include <algorithm>
#include <cmath>
#include <tuple>

#include "widgets/base/format.h"
#include "widgets/plots/heat_bar.h"

namespace rolora::widgets {

namespace {

QCPAxis* x_axis(const QCPAxisRect* panel) { return panel->axis(QCPAxis::atBottom); }
QCPAxis* y_axis(const QCPAxisRect* panel) { return panel->axis(QCPAxis::atLeft); }

}  // namespace

void HeatPlot::set_contents(HeatContents contents, bool keep_view, bool keep_scale) {
  const bool same_kind = contents.is_signed == contents_.is_signed && contents.powers == contents_.powers && has_data();
  contents_ = std::move(contents);
  if (contents_.panels.empty()) {  // nothing is drawn: what was drawn goes with the plottables
    headers_.clear();
    maps_.clear();
  }
  if (!keep_scale || !same_kind) {
    scale_.is_signed = contents_.is_signed;
    scale_.powers = contents_.powers;
    scale_.logarithmic = contents_.powers ? false : (contents_.is_signed ? differences_logarithmic_ : magnitudes_logarithmic_);
    scale_ = fitted_scale(scale_, contents_.panels);
  }
  if (!same_kind) chosen_threshold_.reset();  // of other values
  usual_threshold_ = usual_threshold(contents_.panels);
  stacked_ = wants_stack(size());
  data_changed(keep_view);
  emit scale_changed(scale_);
  emit threshold_changed(threshold());
}

void HeatPlot::set_threshold(std::optional<double> magnitude) {
  if (magnitude && !(*magnitude > 0)) magnitude.reset();
  if (magnitude == chosen_threshold_) return;
  chosen_threshold_ = magnitude;
  set_selection(selection());  // the bar's mark moves
  emit threshold_changed(threshold());
}

void HeatPlot::set_arrangement(Arrangement arrangement) {
  if (arrangement == arrangement_) return;
  arrangement_ = arrangement;
  const bool stack = wants_stack(size());
  if (has_data() && stack != stacked_) {
    stacked_ = stack;
    data_changed(true);
  }
  emit arrangement_changed(arrangement_);
}

void HeatPlot::copy_into(HeatPlot& other) const {
  other.contents_ = contents_;
  other.scale_ = scale_;
  other.magnitudes_logarithmic_ = magnitudes_logarithmic_;
  other.differences_logarithmic_ = differences_logarithmic_;
  other.arrangement_ = arrangement_;
  const bool wide = contents_.panels.size() > 1 && contents_.panels[0].source->columns() >= 2 * contents_.panels[0].source->rows();
  other.stacked_ = contents_.panels.size() > 1 && (arrangement_ == Arrangement::automatic ? wide : arrangement_ == Arrangement::below);
}

void HeatPlot::draw(const PlotStyle& style) {
  headers_.clear();
  maps_.clear();
  auto* grid = new QCPLayoutGrid;
  plotLayout()->addElement(0, 0, grid);
  const int gap = static_cast<int>(std::lround(style.spacing * (stacked_ ? 1 : 0)));
  grid->setRowSpacing(gap);
  grid->setColumnSpacing(gap);
  grid_ = grid;
  for (size_t i = 0; i < contents_.panels.size(); ++i) draw_panel(i, grid, style);
  share_height();
  draw_scale(style);
  if (maps_.size() > 1) {
    link_axes({maps_[0]->keyAxis(), maps_[1]->keyAxis()});
    link_axes({maps_[0]->valueAxis(), maps_[1]->valueAxis()});
  }
  recolour();
}

void HeatPlot::draw_panel(size_t index, QCPLayoutGrid* grid, const PlotStyle& style) {
  auto* panel = new QCPAxisRect(this, true);
  const int place = static_cast<int>(index), last = static_cast<int>(contents_.panels.size()) - 1;
  grid->addElement(stacked_ ? place : 0, stacked_ ? 0 : place, panel);
  for (QCPAxis* axis : panel->axes()) style_axis(axis, style, false);
  panel->setMinimumMargins(QMargins(0, HeatHeader::height(style), 0, 0));
  for (QCPAxis* axis : panel->axes()) axis->setBasePen(Qt::NoPen);  // the header draws the frame, exactly around the image
  QCPAxis* x = x_axis(panel);
  QCPAxis* y = y_axis(panel);
  y->setRangeReversed(true);  // the first row on top
  x->setTicker(QSharedPointer<WholeTicker>::create());
  y->setTicker(row_ticker(style));
  const bool bottom_most = !stacked_ || place == last, left_most = stacked_ || place == 0;
  x->setTickLabels(bottom_most);
  y->setTickLabels(left_most);
  if (bottom_most) x->setLabel(column_label());
  if (left_most) y->setLabel(row_label());
  auto* map = new HeatMap(x, y, contents_.panels[index].source);
  maps_.emplace_back(map);
  headers_.push_back(std::make_unique<HeatHeader>(map, panel, style, contents_.panels[index].title));
}

/// Panels above each other are as tall as each other although only the last one has labels below it.
void HeatPlot::share_height() {
  if (!stacked_ || grid_.isNull() || maps_.size() < 2) return;
  const PlotStyle& s = style();
  const QCPAxis* x = maps_[1]->keyAxis();
  const double labels =
      QFontMetricsF(s.tick_font).height() + QFontMetricsF(s.label_font).height() + x->tickLabelPadding() + x->labelPadding();
  const double all = std::max(4 * labels, static_cast<double>(viewport().height()) - 3 * s.spacing);
  grid_->setRowStretchFactor(0, all - labels);
  grid_->setRowStretchFactor(1, all + labels);
}

void HeatPlot::draw_scale(const PlotStyle& style) {
  auto* bar = new QCPColorScale(this);
  bar_ = bar;
  plotLayout()->addElement(0, 1, bar);
  plotLayout()->setColumnStretchFactor(1, 0.001);
  const QFontMetricsF metrics(style.tick_font);
  bar->setType(QCPAxis::atRight);
  bar->setRangeDrag(false);
  bar->setRangeZoom(false);
  bar->setBarWidth(static_cast<int>(std::lround(metrics.height() * 0.9)));
  bar->setDataRange(QCPRange(0, 1));
  style_axis(bar->axis(), style, false);
  QString label = contents_.scale_label;  // begins as the other axes' titles do
  if (!label.isEmpty()) label[0] = label[0].toUpper();
  bar->axis()->setLabel(label);
  bar->axis()->setTicker(QSharedPointer<HeatBarTicker>::create(scale_));
  for (QCPAxis* axis : bar->axis()->axisRect()->axes()) axis->setBasePen(style.axis_pen());
  QCPLayout* grid = maps_.front()->keyAxis()->axisRect()->layout();
  const auto group = [this, grid] {
    auto* made = new QCPMarginGroup(this);
    made->setParent(grid);  // gone with the panels
    return made;
  };
  QCPMarginGroup* margins = group();
  bar->setMarginGroup(QCP::msTop | QCP::msBottom, margins);
  if (stacked_ && maps_.size() > 1) {
    QCPMarginGroup* bottom = group();
    maps_[0]->keyAxis()->axisRect()->setMarginGroup(QCP::msTop, margins);
    bar->setMarginGroup(QCP::msBottom, bottom);
    maps_[1]->keyAxis()->axisRect()->setMarginGroup(QCP::msBottom, bottom);
    QCPMarginGroup* left = group();
    for (const auto& map : maps_) map->keyAxis()->axisRect()->setMarginGroup(QCP::msLeft | QCP::msRight, left);
  } else {
    for (const auto& map : maps_) map->keyAxis()->axisRect()->setMarginGroup(QCP::msTop | QCP::msBottom, margins);
    QCPMarginGroup* sides = group();  // both panels as wide
    for (const auto& map : maps_) map->keyAxis()->axisRect()->setMarginGroup(QCP::msLeft | QCP::msRight, sides);
  }
}

void HeatPlot::recolour() {
  for (const auto& map : maps_) {
    map->set_colours(std::make_shared<HeatColours>(scale_, map->source()->factor(), style().colours, style().out_of_range));
  }
  if (bar_) {
    bar_->setGradient(colour_gradient(scale_.is_signed ? QStringLiteral("diverging") : style().colours));
    bar_->axis()->setTicker(QSharedPointer<HeatBarTicker>::create(scale_));
  }
  note_outside();
}

/// Colours end with the scale: each panel says how many of its cells do not.
void HeatPlot::note_outside() {
  constexpr double kSlack = 1.0 / 512;  // as HeatColours has it
  const double end = scale_.value(1 + kSlack);
  for (size_t i = 0; i < headers_.size(); ++i) {
    const int64_t outside = maps_[i]->source()->cells_beyond(end);
    headers_[i]->set_note(outside > 0 ? tr("%1 out of range").arg(grouped(outside)) : QString(), contents_.note);
  }
}

QString HeatPlot::scale_note() const {
  int64_t outside = 0;
  for (const HeatPanel& panel : contents_.panels) outside += panel.source->cells_beyond(scale_.value(1 + 1.0 / 512));
  QStringList sentences;
  if (outside > 0) sentences.append(tr("%1 values lie beyond the scale and are marked.").arg(grouped(outside)));
  if (!contents_.note.isEmpty()) sentences.append(contents_.note + QLatin1Char('.'));
  return sentences.join(QLatin1Char(' '));
}

void HeatPlot::set_scale(const HeatScale& scale) {
  if (scale == scale_) return;
  scale_ = scale;
  recolour();
  set_selection(selection());  // the bar's tick moves
  replot(rpQueuedReplot);
  emit scale_changed(scale_);
}

void HeatPlot::fit_scale() {
  if (has_data()) set_scale(fitted_scale(scale_, contents_.panels));
}

std::vector<float> HeatPlot::visible_magnitudes() const {
  std::vector<float> out;
  for (const auto& map : maps_) append_magnitudes(*map->source(), map->visible_cells(), out);
  return out;
}

void HeatPlot::fit_scale_to_visible() { set_scale(scale_over(scale_, visible_magnitudes(), 0, 1)); }

void HeatPlot::fit_scale_percentiles() { set_scale(scale_over(scale_, visible_magnitudes(), 0.01, 0.99)); }

void HeatPlot::toggle_log() {
  if (!has_data() || scale_.powers) return;
  HeatScale scale = scale_;
  scale.logarithmic = !scale.logarithmic;
  (scale.is_signed ? differences_logarithmic_ : magnitudes_logarithmic_) = scale.logarithmic;
  if (!scale.is_signed) scale.lower = scale.logarithmic ? std::min(fitted_scale(scale, contents_.panels).lower, scale.upper / 2) : 0;
  set_scale(scale);
}

void HeatPlot::cycle_colours() { set_colours(next_colour_map(style().colours)); }

void HeatPlot::set_colours(const QString& map) {
  if (map == style().colours) return;
  PlotStyle changed = style();
  changed.colours = map;
  set_style(changed);
  emit colours_changed(map);
}

std::optional<Hit> HeatPlot::hit(QPointF position) const {
  for (size_t i = 0; i < maps_.size(); ++i) {
    if (const auto cell = maps_[i]->cell_near(position, threshold())) return hit_of_cell(i, {cell->first, cell->second});
  }
  return {};
}

Hit HeatPlot::hit_of_cell(size_t panel, Cell cell) const {
  const HeatMap* map = maps_[panel].data();
  Hit out;
  out.panel = map->keyAxis()->axisRect();
  out.position = QPointF(map->keyAxis()->coordToPixel(static_cast<double>(cell.column)),
                         map->valueAxis()->coordToPixel(static_cast<double>(cell.row)));
  out.selection = cell_selection(panel, cell);
  out.text = cell_text(panel, cell);
  return out;
}

std::optional<Hit> HeatPlot::hit_of_selection() const {
  const Cell cell = selected_cell();
  if (maps_.empty() || cell.row < 0 || cell.column < 0) return {};
  const HeatSource& source = *contents_.panels.front().source;
  if (cell.row >= source.rows() || cell.column >= source.columns()) return {};
  return hit_of_cell(0, cell);
}

std::optional<Hit> HeatPlot::hit_in(QCPAxisRect* panel, const QRectF& rectangle) const {
  for (size_t i = 0; i < maps_.size(); ++i) {
    const HeatMap* map = maps_[i].data();
    if (map->keyAxis()->axisRect() != panel) continue;
    const HeatSource& source = *map->source();
    const auto cells = [](double from, double to, int64_t most) {  // those whose middle lies between
      if (from > to) std::swap(from, to);
      const auto begin = std::clamp<int64_t>(static_cast<int64_t>(std::ceil(from)), 0, most);
      return std::pair(begin, std::clamp<int64_t>(static_cast<int64_t>(std::floor(to)) + 1, begin, most));
    };
    const auto [left, right] =
        cells(map->keyAxis()->pixelToCoord(rectangle.left()), map->keyAxis()->pixelToCoord(rectangle.right()), source.columns());
    const auto [top, bottom] =
        cells(map->valueAxis()->pixelToCoord(rectangle.top()), map->valueAxis()->pixelToCoord(rectangle.bottom()), source.rows());
    if (left == right || top == bottom) return {};
    const auto [row, column] = largest_cell(source, {top, bottom, left, right});
    return hit_of_cell(i, {row, column});
  }
  return {};
}

std::optional<Hit> HeatPlot::stepped(int dx, int dy, bool to_outlier) const {
  if (maps_.empty()) return {};
  const HeatSource& source = *maps_.front()->source();
  Cell cell = selected_cell();
  const CellBlock visible = maps_.front()->visible_cells();
  if (to_outlier && (cell.row >= 0 || cell.column >= 0)) {
    const auto next = next_outlier(source, {cell.row, cell.column}, dx, dy, threshold());
    return next ? std::optional(hit_of_cell(0, {next->first, next->second})) : std::nullopt;
  }
  if (cell.row < 0 || cell.column < 0) {  // the first key press goes where there is something to see
    CellBlock block = visible;
    if (cell.row >= 0) std::tie(block.row_begin, block.row_end) = std::pair(cell.row, cell.row + 1);
    if (cell.column >= 0) std::tie(block.column_begin, block.column_end) = std::pair(cell.column, cell.column + 1);
    const auto largest = largest_cell(source, block);
    return hit_of_cell(0, {largest.first, largest.second});
  }
  const Cell next{cell.row + dy, cell.column + dx};
  if (next.row < 0 || next.column < 0 || next.row >= source.rows() || next.column >= source.columns()) return {};
  return hit_of_cell(0, next);
}

QString HeatPlot::nothing_found(bool to_outlier) const {
  if (!to_outlier) return {};
  const double most = maps_.empty() ? 0 : maps_.front()->source()->figures().most;
  const auto shown = [this](double magnitude) { return scale_.powers ? times(std::exp2(magnitude)) : number(magnitude); };
  if (most < threshold()) return tr("No value reaches the threshold %1: the largest is %2.").arg(shown(threshold()), shown(most));
  return tr("No value from %1 on lies further that way.").arg(shown(threshold()));
}

std::optional<double> HeatPlot::value_at(const Hit& hit) const {
  for (const auto& map : maps_) {
    if (hit.panel != map->keyAxis()->axisRect()) continue;
    const auto column = std::llround(map->keyAxis()->pixelToCoord(hit.position.x()));
    const auto row = std::llround(map->valueAxis()->pixelToCoord(hit.position.y()));
    const HeatSource& source = *map->source();
    if (row < 0 || column < 0 || row >= source.rows() || column >= source.columns()) return {};
    return source.at(row, column);
  }
  return {};
}

void HeatPlot::mark(const PlotStyle& style) {
  const double at = scale_.position(threshold());
  if (!bar_.isNull() && at > 0 && at <= 1) mark_threshold(bar_.data(), at, style, overlay_layer());
  const Cell cell = selected_cell();
  if (cell.row < 0 && cell.column < 0) return;
  for (const auto& map : maps_) {
    if (cell.row >= map->source()->rows() || cell.column >= map->source()->columns()) continue;
    mark_cell(map.data(), cell.row, cell.column, style, overlay_layer());
    if (cell.row >= 0 && cell.column >= 0) mark_scale(style, map->source()->at(cell.row, cell.column));
  }
}

void HeatPlot::mark_scale(const PlotStyle& style, double value) {
  if (bar_.isNull()) return;
  const double at = scale_.position(value);
  if (std::isnan(at)) return;
  mark_bar(bar_.data(), std::clamp(at, 0.0, 1.0), style, overlay_layer());
}

void HeatPlot::set_full_ranges() {
  for (const auto& map : maps_) {
    bool found = false;
    map->keyAxis()->setRange(map->getKeyRange(found));
    map->valueAxis()->setRange(map->getValueRange(found));
  }
}

QCPRange HeatPlot::limited(const QCPAxis* axis, const QCPRange& wanted) const {
  if (maps_.empty()) return axis->range();
  QCPRange r = wanted;
  r.normalize();
  const HeatSource& source = *maps_.front()->source();
  const auto cells = static_cast<double>(axis->orientation() == Qt::Horizontal ? source.columns() : source.rows());
  const double span = std::clamp(r.size(), std::min(cells, 3.0), cells);
  const double lower = std::clamp(r.center() - span / 2, -0.5, cells - 0.5 - span);
  return QCPRange(lower, lower + span);
}

QSharedPointer<QCPAxisTicker> HeatPlot::row_ticker(const PlotStyle&) const { return QSharedPointer<WholeTicker>::create(); }

FigureTable HeatPlot::table() const {
  return heat_table(contents_, maps_.empty() ? CellBlock{} : maps_.front()->visible_cells(), row_name());
}

double HeatPlot::height_to_width() const { return stacked_ ? 0.8 : contents_.panels.size() > 1 ? 0.42 : 0.52; }

void HeatPlot::keyPressEvent(QKeyEvent* event) {
  const PlotAction action = plot_key(*event).action;
  if (action == PlotAction::fit_scale) {
    fit_scale_to_visible();
  } else if (action == PlotAction::fit_percentiles) {
    fit_scale_percentiles();
  } else {
    const Cell before = selected_cell();
    Plot::keyPressEvent(event);
    const Cell now = selected_cell();
    if (now.row != before.row || now.column != before.column) keep_in_sight(now);
  }
}

void HeatPlot::keep_in_sight(Cell cell) {
  if (maps_.empty() || cell.row < 0 || cell.column < 0) return;
  const auto follow = [this](QCPAxis* axis, double at) {
    const QCPRange r = axis->range();
    if (at >= r.lower && at <= r.upper) return;
    axis->setRange(limited(axis, QCPRange(at - r.size() / 2, at + r.size() / 2)));
  };
  change_view([&] {
    follow(maps_.front()->keyAxis(), static_cast<double>(cell.column));
    follow(maps_.front()->valueAxis(), static_cast<double>(cell.row));
  });
}

bool HeatPlot::wants_stack(QSize size) const {
  if (contents_.panels.size() < 2) return false;
  return arrangement_ == Arrangement::automatic ? size.width() < 1.9 * size.height() : arrangement_ == Arrangement::below;
}

void HeatPlot::resizeEvent(QResizeEvent* event) {
  const bool stack = wants_stack(event->size());
  if (has_data() && stack != stacked_) {
    stacked_ = stack;
    data_changed(true);
  }
  setViewport(rect());
  share_height();
  Plot::resizeEvent(event);
}

}  // namespace rolora::widgets
