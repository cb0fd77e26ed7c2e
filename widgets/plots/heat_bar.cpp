// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/plots/heat_bar.h"

#include <algorithm>
#include <cmath>

#include "widgets/base/format.h"

namespace rolora::widgets {

void HeatBarTicker::generate(const QCPRange&, const QLocale&, QChar, int, QVector<double>& ticks, QVector<double>* sub_ticks,
                             QVector<QString>* labels) {
  ticks.clear();
  if (sub_ticks != nullptr) sub_ticks->clear();
  if (labels != nullptr) labels->clear();
  // Magnitudes below a logarithmic scale have its first colour: the scale's end says so.
  const bool has_floor = !scale_.is_signed && scale_.logarithmic && scale_.lower > 0;
  if (has_floor) {
    ticks.append(0);
    if (labels != nullptr) labels->append(QStringLiteral("≤ ") + number(scale_.lower, 2));
  }
  // The upper end has its number, and the lower one of a signed scale: without them a colour there says nothing exact.
  const bool from_below = scale_.is_signed;
  const auto end = [&](double position, double value) {
    ticks.append(position);
    if (labels != nullptr) labels->append(scale_.label(value));
  };
  if (from_below) end(0, -scale_.upper);
  if (scale_.upper > 0) end(1, scale_.upper);
  constexpr double kRoom = 0.06;  // that two numbers need
  for (const HeatScale::Tick& tick : scale_.ticks(6)) {
    if ((has_floor || from_below) && tick.position < kRoom) continue;
    if (scale_.upper > 0 && tick.position > 1 - kRoom) continue;
    ticks.append(tick.position);
    if (labels != nullptr) labels->append(tick.text);
  }
}

QString WholeTicker::getTickLabel(double tick, const QLocale&, QChar, int) { return grouped(std::llround(tick)); }

HeatScale fitted_scale(const HeatScale& kind, const std::vector<HeatPanel>& panels) {
  HeatScale scale = kind;
  double most = 0, least = HUGE_VAL;
  for (const HeatPanel& panel : panels) {
    const HeatFigures& f = panel.source->figures();
    most = std::max(most, f.most);
    const double floor = panel.from_median ? f.median : f.p1;
    if (floor > 0) least = std::min(least, floor);
  }
  scale.upper = most;
  if (scale.powers) {
    scale.upper = 0;
    for (const HeatPanel& panel : panels) scale.upper = std::max(scale.upper, panel.source->figures().p999);
    scale.upper = std::min(most, std::max(1.0, scale.upper));  // ×2 either way at least
  }
  scale.lower = scale.is_signed || !scale.logarithmic ? 0 : std::max(std::isfinite(least) ? least : 0, most / 65536);
  return widened(scale);
}

HeatScale scale_over(const HeatScale& kind, std::vector<float> values, double low, double high) {
  if (values.empty()) return kind;
  std::sort(values.begin(), values.end());
  const auto at = [&](double q) { return values[static_cast<size_t>(q * static_cast<double>(values.size() - 1))]; };
  HeatScale scale = kind;
  scale.upper = at(high);
  scale.lower = scale.is_signed || !scale.logarithmic ? 0 : at(low);
  return widened(scale);
}

double usual_threshold(const std::vector<HeatPanel>& panels) {
  double median = 0, most = 0, p999 = 0;
  for (const HeatPanel& panel : panels) {
    const HeatFigures& f = panel.source->figures();
    median = std::max(median, f.median);
    most = std::max(most, f.most);
    p999 = std::max(p999, f.p999);
  }
  constexpr double kTimes = 10;
  return median > 0 && most >= kTimes * median ? kTimes * median : p999;
}

HeatScale widened(HeatScale scale) {
  if (!(scale.upper > 0)) scale.upper = 1;
  if (!scale.is_signed && scale.logarithmic && !(scale.lower > 0 && scale.lower < scale.upper * 0.999)) scale.lower = scale.upper / 16;
  return scale;
}

void mark_cell(HeatMap* map, int64_t row, int64_t column, const PlotStyle& style, QCPLayer* layer) {
  QCustomPlot* plot = map->parentPlot();
  for (const bool halo : {true, false}) {  // seen on dark and on bright colours
    const QPen pen = halo ? QPen(Qt::black, style.line_width * 2) : QPen(Qt::white, style.line_width);
    if (row >= 0 && column >= 0) {
      auto* ring = new QCPItemTracer(plot);
      ring->setClipAxisRect(map->keyAxis()->axisRect());
      ring->position->setAxes(map->keyAxis(), map->valueAxis());
      ring->position->setCoords(static_cast<double>(column), static_cast<double>(row));
      ring->setStyle(QCPItemTracer::tsCircle);
      ring->setSize(style.marker_size * 2);
      ring->setPen(pen);
      ring->setBrush(Qt::NoBrush);
      ring->setLayer(layer);
      continue;
    }
    auto* box = new QCPItemRect(plot);
    box->setClipAxisRect(map->keyAxis()->axisRect());
    for (QCPItemPosition* corner : {box->topLeft, box->bottomRight}) corner->setAxes(map->keyAxis(), map->valueAxis());
    const auto rows = static_cast<double>(map->source()->rows()), columns = static_cast<double>(map->source()->columns());
    box->topLeft->setCoords(column >= 0 ? static_cast<double>(column) - 0.5 : -0.5, row >= 0 ? static_cast<double>(row) - 0.5 : -0.5);
    box->bottomRight->setCoords(column >= 0 ? static_cast<double>(column) + 0.5 : columns - 0.5,
                                row >= 0 ? static_cast<double>(row) + 0.5 : rows - 0.5);
    box->setPen(pen);
    box->setBrush(Qt::NoBrush);
    box->setLayer(layer);
  }
}

void mark_bar(QCPColorScale* bar, double position, const PlotStyle& style, QCPLayer* layer) {
  for (const bool halo : {true, false}) {
    auto* line = new QCPItemLine(bar->parentPlot());
    line->setClipToAxisRect(false);
    for (QCPItemPosition* end : {line->start, line->end}) {
      end->setType(QCPItemPosition::ptAxisRectRatio);
      end->setAxisRect(bar->axis()->axisRect());
    }
    line->start->setCoords(-0.15, 1 - position);
    line->end->setCoords(1.15, 1 - position);
    line->setPen(halo ? QPen(style.background, style.line_width * 3) : QPen(style.text, style.line_width * 1.2));
    line->setLayer(layer);
  }
}

void mark_threshold(QCPColorScale* bar, double position, const PlotStyle& style, QCPLayer* layer) {
  auto* line = new QCPItemLine(bar->parentPlot());
  line->setClipToAxisRect(false);
  for (QCPItemPosition* end : {line->start, line->end}) {
    end->setType(QCPItemPosition::ptAxisRectRatio);
    end->setAxisRect(bar->axis()->axisRect());
  }
  line->start->setCoords(-0.45, 1 - position);
  line->end->setCoords(-0.02, 1 - position);
  line->setPen(QPen(style.text, style.line_width));
  line->setHead(QCPLineEnding(QCPLineEnding::esFlatArrow, style.marker_size, style.marker_size));
  line->setLayer(layer);
}

FigureTable heat_table(const HeatContents& contents, const CellBlock& visible, const QString& row_name) {
  FigureTable out;
  if (contents.panels.empty()) return out;
  constexpr int64_t kMost = 1'000'000;
  const int64_t columns = visible.column_end - visible.column_begin, rows = visible.row_end - visible.row_begin;
  int64_t every = 1;
  while (((columns + every - 1) / every) * rows > kMost) ++every;
  out.columns = {row_name, QStringLiteral("channel")};
  for (const HeatPanel& panel : contents.panels) out.columns.append(contents.panels.size() > 1 ? panel.title : contents.scale_label);
  for (int64_t r = visible.row_begin; r < visible.row_end; ++r) {
    for (int64_t c = visible.column_begin; c < visible.column_end; c += every) {
      int64_t cell = c;
      if (every > 1) cell = largest_cell(*contents.panels[0].source, {r, r + 1, c, std::min(c + every, visible.column_end)}).second;
      QStringList line{QString::number(r), QString::number(cell)};
      for (const HeatPanel& panel : contents.panels) line.append(exact(static_cast<float>(panel.source->at(r, cell))));
      out.rows.push_back(line);
    }
  }
  return out;
}

}  // namespace rolora::widgets
