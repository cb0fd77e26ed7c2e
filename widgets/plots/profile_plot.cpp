// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/plots/profile_plot.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "widgets/base/format.h"
#include "widgets/data/site_words.h"
#include "widgets/plots/line_series.h"
#include "widgets/plots/panels.h"

namespace rolora::widgets {
namespace {

constexpr int kTokenLines = 5, kKurtosisLine = 5;
constexpr std::array<double ProfileLayer::*, kTokenLines> kValues = {&ProfileLayer::top1, &ProfileLayer::top2, &ProfileLayer::top3,
                                                                     &ProfileLayer::median, &ProfileLayer::least};

QString line_name(int line) {
  switch (line) {
    case 0:
      return ProfilePlot::tr("top-1");
    case 1:
      return ProfilePlot::tr("top-2");
    case 2:
      return ProfilePlot::tr("top-3");
    case 3:
      return ProfilePlot::tr("median");
    case 4:
      return ProfilePlot::tr("min-1");
    default:
      return ProfilePlot::tr("kurtosis");
  }
}

double largest_ratio(const std::vector<ProfileLayer>& layers, double ProfileLayer::*above, double ProfileLayer::*below) {
  double largest = std::numeric_limits<double>::quiet_NaN();
  for (const ProfileLayer& layer : layers) {
    if (!(layer.*below > 0)) continue;
    const double ratio = layer.*above / layer.*below;
    if (!(largest >= ratio)) largest = ratio;
  }
  return largest;
}

/// Colour says the state; dash and marker say which of its lines.
LineLook token_look(const PlotStyle& style, const QColor& colour, int line) {
  LineLook look = series_look(style, line);
  look.colour = colour;
  look.hollow = line % 2 == 1;
  return look;
}

HeadLine ratio_line(const PlotStyle& style, const QString& what, double ratio) {
  HeadLine line{QStringLiteral("%1  %2").arg(what, times(ratio)), style.tick_font, style.text};
  if (ratio > kNotableRatio) {
    line.font.setBold(true);
    line.colour = warning_colour(style);
  }
  return line;
}

}  // namespace

double ProfileSeries::top_ratio() const { return largest_ratio(layers, &ProfileLayer::top1, &ProfileLayer::median); }
double ProfileSeries::least_ratio() const { return largest_ratio(layers, &ProfileLayer::median, &ProfileLayer::least); }

ProfilePlot::ProfilePlot(QWidget* parent) : DataPlot(parent) {
  set_title(tr("Layer profile"));
  set_empty_text(tr("Select a model with statistics to see its layers side by side."));
}

void ProfilePlot::toggle_log() { set_form({!form_.logarithmic}); }

bool ProfilePlot::has_data() const { return (data_.a && !data_.a->layers.empty()) || (data_.b && !data_.b->layers.empty()); }

double ProfilePlot::value_of(const ProfileLayer& layer, int line) const {
  if (line == kKurtosisLine) return layer.kurtosis;
  const double value = layer.*kValues[static_cast<size_t>(line)];
  return data_.scaling == Scaling::over_rms ? value / layer.rms : value;
}

void ProfilePlot::draw(const PlotStyle& style) {
  std::vector<LegendEntry> legend;
  for (int line = 0; line < kTokenLines; ++line) legend.push_back({line_name(line), token_look(style, style.text, line)});
  plotLayout()->addElement(0, 0, new LegendBar(this, style, std::move(legend)));
  auto* grid = new EvenGrid;
  grid->setColumnSpacing(static_cast<int>(std::ceil(style.spacing)));
  plotLayout()->addElement(1, 0, grid);
  panel_a_ = panel_b_ = kurtosis_ = nullptr;
  for (const bool is_a : {true, false}) {
    if (side(is_a) && !side(is_a)->layers.empty()) draw_tokens(style, grid, *side(is_a), is_a);
  }
  draw_kurtosis(style);
  plotLayout()->setRowStretchFactor(1, 1.25);
  plotLayout()->setRowStretchFactor(2, 1);
  auto* margins = new QCPMarginGroup(this);
  QList<QCPAxis*> layers{bottom_axis(kurtosis_)}, values;
  kurtosis_->setMarginGroup(QCP::msLeft, margins);
  QCPAxisRect* first = panel_a_ != nullptr ? panel_a_ : panel_b_;
  first->setMarginGroup(QCP::msLeft, margins);
  for (QCPAxisRect* panel : {panel_a_.data(), panel_b_.data()}) {
    if (panel == nullptr) continue;
    layers << bottom_axis(panel);
    values << left_axis(panel);
  }
  link_axes(layers);
  if (values.size() > 1) link_axes(values);
}

void ProfilePlot::draw_tokens(const PlotStyle& style, QCPLayoutGrid* grid, const ProfileSeries& series, bool is_a) {
  QCPAxisRect* panel = make_panel(this, style);
  (is_a ? panel_a_ : panel_b_) = panel;
  const int column = grid->elementCount();
  grid->addElement(0, column, panel);
  set_whole_ticks(bottom_axis(panel));
  bottom_axis(panel)->setLabel(tr("Layer"));
  set_scale(left_axis(panel), form_.logarithmic);
  if (column == 0) {
    const QString what = tr("max |x|");  // short: a panel of a low window is not as high as a sentence is long
    left_axis(panel)->setLabel(data_.scaling == Scaling::over_rms ? tr("%1 / rms").arg(what) : what);
  }
  const QString name = data_.a && data_.b ? (is_a ? tr("A  %1") : tr("B  %1")).arg(series.name) : series.name;
  set_head(panel, {{name, style.title_font, style.text},
                   ratio_line(style, tr("max(top-1 / median)"), series.top_ratio()),
                   ratio_line(style, tr("max(median / min-1)"), series.least_ratio())});
  const QColor colour = state_colour(style, series.name);
  for (int line = 0; line < kTokenLines; ++line) {
    std::vector<double> keys, values;
    for (const ProfileLayer& layer : series.layers) {
      keys.push_back(layer.layer);
      values.push_back(value_of(layer, line));
    }
    (new LineSeries(bottom_axis(panel), left_axis(panel), token_look(style, colour, line)))->set_points(std::move(keys), std::move(values));
  }
}

void ProfilePlot::draw_kurtosis(const PlotStyle& style) {
  kurtosis_ = make_panel(this, style);
  plotLayout()->addElement(2, 0, kurtosis_);
  set_whole_ticks(bottom_axis(kurtosis_));
  set_scale(left_axis(kurtosis_), form_.logarithmic);
  bottom_axis(kurtosis_)->setLabel(tr("Layer"));
  left_axis(kurtosis_)->setLabel(tr("Kurtosis"));
  QStringList names;
  for (const bool is_a : {true, false}) {
    if (!side(is_a)) continue;
    std::vector<double> keys, values;
    for (const ProfileLayer& layer : side(is_a)->layers) {
      keys.push_back(layer.layer);
      values.push_back(layer.kurtosis);
    }
    LineLook look = state_look(style, side(is_a)->name, is_a ? 0 : 1);
    look.hollow = !is_a;
    names << (is_a ? tr("solid: %1") : tr("dashed: %1")).arg(side(is_a)->name);
    (new LineSeries(bottom_axis(kurtosis_), left_axis(kurtosis_), look))->set_points(std::move(keys), std::move(values));
  }
  names << tr("dotted: 3, a Gaussian");
  set_head(kurtosis_, {{names.join(QStringLiteral(" · ")), style.tick_font, style.faint_text}});
  LineLook gaussian;
  gaussian.colour = style.faint_text;
  gaussian.width = style.axis_width;
  gaussian.dash = Qt::DotLine;
  (new LineSeries(bottom_axis(kurtosis_), left_axis(kurtosis_), gaussian))->set_points({-1e6, 1e6}, {3, 3});
}

void ProfilePlot::set_full_ranges() {
  std::vector<double> tokens, kurtosis{3}, layers;
  for (const Point& point : points()) {
    layers.push_back(point.layer);
    (point.line == kKurtosisLine ? kurtosis : tokens).push_back(point.value);
  }
  const QCPRange span = padded_range(layers, false, 0.03);
  for (QCPAxisRect* panel : {panel_a_.data(), panel_b_.data()}) {
    if (panel == nullptr) continue;
    bottom_axis(panel)->setRange(span);
    QCPRange range = padded_range(tokens, form_.logarithmic, 0.05);
    if (!form_.logarithmic) range.lower = 0;
    left_axis(panel)->setRange(range);
  }
  bottom_axis(kurtosis_)->setRange(span);
  left_axis(kurtosis_)->setRange(padded_range(kurtosis, form_.logarithmic, 0.08));
}

std::vector<ProfilePlot::Point> ProfilePlot::points() const {
  std::vector<Point> all;
  for (const bool is_a : {true, false}) {
    if (!side(is_a)) continue;
    for (const ProfileLayer& layer : side(is_a)->layers) {
      for (int line = 0; line <= kKurtosisLine; ++line) {
        QCPAxisRect* panel = line == kKurtosisLine ? kurtosis_ : is_a ? panel_a_ : panel_b_;
        all.push_back({is_a, layer.layer, line, value_of(layer, line), panel});
      }
    }
  }
  return all;
}

QPointF ProfilePlot::pixel_of(const Point& point) const {
  return {bottom_axis(point.panel)->coordToPixel(point.layer), left_axis(point.panel)->coordToPixel(point.value)};
}

std::optional<Hit> ProfilePlot::hit(QPointF position) const {
  double nearest = std::numeric_limits<double>::infinity();
  std::optional<Point> found;
  for (const Point& point : points()) {
    if (point.panel == nullptr || !point.panel->rect().contains(position.toPoint()) || !std::isfinite(point.value)) continue;
    const QPointF away = pixel_of(point) - position;
    const double distance = std::hypot(away.x(), away.y());
    if (distance >= nearest) continue;
    nearest = distance;
    found = point;
  }
  // The nearest point of a line answers from further away than a click needs: layers stand far apart.
  if (!found || nearest > std::max(reach() * 4, 24.0)) return std::nullopt;
  return hit_of(*found);
}

Hit ProfilePlot::hit_of(const Point& point) const {
  Hit hit;
  hit.selection = selection();
  hit.selection.layer = point.layer;
  hit.panel = point.panel;
  hit.position = pixel_of(point);
  const ProfileSeries& series = *side(point.is_a);
  const auto layer =
      std::find_if(series.layers.begin(), series.layers.end(), [&](const ProfileLayer& l) { return l.layer == point.layer; });
  QStringList parts{tr("layer %1").arg(point.layer), series.name, tr("%1 %2").arg(line_name(point.line), number(point.value, 4))};
  if (point.line < 3 && layer->median > 0) {
    parts << tr("%1 median").arg(times(point.value / value_of(*layer, 3)));
  } else if (point.line == 4 && layer->least > 0) {
    parts << tr("median is %1 of it").arg(times(layer->median / layer->least));
  }
  if (data_.scaling == Scaling::over_rms && point.line != kKurtosisLine) parts << tr("over rms");
  hit.text = parts.join(QStringLiteral(" · "));
  return hit;
}

std::optional<Hit> ProfilePlot::hit_of_selection() const {
  for (const Point& point : points()) {
    if (point.layer == selection().layer && point.panel != nullptr && std::isfinite(point.value)) return hit_of(point);
  }
  return std::nullopt;
}

std::optional<Hit> ProfilePlot::stepped(int dx, int, bool) const {
  std::optional<Point> best;
  for (const Point& point : points()) {
    if (point.line != 0 || point.panel == nullptr || !std::isfinite(point.value)) continue;
    const int from = selection().layer;
    const bool beyond = from < 0 || (dx >= 0 ? point.layer >= from + dx : point.layer <= from + dx);
    if (!beyond) continue;
    if (!best || std::abs(point.layer - (from + dx)) < std::abs(best->layer - (from + dx))) best = point;
  }
  return best ? std::optional(hit_of(*best)) : std::nullopt;
}

FigureTable ProfilePlot::table() const {
  FigureTable table;
  table.columns = QStringList{tr("state"), tr("layer")};
  for (int line = 0; line <= kKurtosisLine; ++line) table.columns << line_name(line);
  const QCPRange view = kurtosis_ == nullptr ? QCPRange(-1e9, 1e9) : bottom_axis(kurtosis_)->range();
  for (const bool is_a : {true, false}) {
    if (!side(is_a)) continue;
    for (const ProfileLayer& layer : side(is_a)->layers) {
      if (!view.contains(layer.layer)) continue;
      QStringList row{side(is_a)->name, QString::number(layer.layer)};
      for (int line = 0; line <= kKurtosisLine; ++line) row << exact(value_of(layer, line));
      table.rows.push_back(row);
    }
  }
  return table;
}

QString ProfilePlot::file_name() const {
  QStringList parts{QStringLiteral("profile"), data_.site};
  if (data_.without_first) parts << QStringLiteral("without-first");
  for (const bool is_a : {true, false}) {
    if (side(is_a)) parts << side(is_a)->name;
  }
  return parts.join(QLatin1Char('-'));
}

QString ProfilePlot::caption() const {
  QStringList states;
  for (const bool is_a : {true, false}) {
    if (!side(is_a)) continue;
    states << tr("%1 (max(top-1/median) %2, max(median/min-1) %3)")
                  .arg(side(is_a)->name, times(side(is_a)->top_ratio()), times(side(is_a)->least_ratio()));
  }
  QString text = tr("Layer profile of %1: the three largest, the median and the smallest of the tokens' largest |x|, and the kurtosis of "
                    "the tensor, %2.")
                     .arg(site_words(data_.site), states.join(tr(" and ")));
  if (data_.scaling == Scaling::over_rms) text += QLatin1Char(' ') + tr("|x| as multiples of each tensor's rms.");
  if (data_.without_first) text += QLatin1Char(' ') + tr("The first token of each window is left out.");
  return data_.facts.isEmpty() ? text : text + QLatin1Char(' ') + data_.facts;
}

}  // namespace rolora::widgets
