// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/plots/training_plot.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "widgets/base/colour_map.h"
#include "widgets/base/format.h"
#include "widgets/data/site_words.h"
#include "widgets/plots/line_series.h"
#include "widgets/plots/panels.h"
#include "widgets/plots/smoothing.h"

namespace rolora::widgets {
namespace {

int layer_of(const QString& site) { return site.section(QLatin1Char('.'), 1, 1).toInt(); }
QString kind_of(const QString& site) { return site.section(QLatin1Char('.'), 2); }

LineLook raw_look(const PlotStyle& style, const QString& state, int series) {
  LineLook look = state_look(style, state, series);
  look.colour = blended(state_hue(style, state), style.background, 0.55);  // its run's hue: two raw losses are told apart
  look.width = style.line_width * 0.6;
  look.dash = Qt::SolidLine;
  look.marker = Marker::none;
  return look;
}

LineLook smooth_look(const PlotStyle& style, const QString& state, int series) {
  LineLook look = state_look(style, state, series);
  look.width = style.line_width * 1.2;
  look.marker = Marker::none;
  return look;
}

LineLook evaluation_look(const PlotStyle& style, const QString& state, int series) {
  LineLook look = state_look(style, state, series);
  look.width = style.line_width * 0.6;
  look.dash = Qt::SolidLine;
  look.hollow = true;
  return look;
}

/// From the first layer to the last, on the part of the map that stands out from the ground.
QColor layer_colour(const PlotStyle& style, int layer, int layers) {
  const bool dark = style.background.lightnessF() < 0.5F;
  const double from = dark ? 0.35 : 0.05, to = dark ? 1.0 : 0.78;
  const double share = layers > 1 ? static_cast<double>(layer) / (layers - 1) : 0;
  return QColor(colour_table(QStringLiteral("viridis"))[static_cast<size_t>(std::lround(255 * (from + (to - from) * share)))]);
}

}  // namespace

TrainingPlot::TrainingPlot(QWidget* parent) : DataPlot(parent) {
  set_title(tr("Training"));
  set_empty_text(tr("Open a run that fine-tunes, or start one from the recipe: its loss grows here while it works."));
}

void TrainingPlot::set_data(TrainingData data) { DataPlot::set_data(std::move(data), !shows_everything()); }

/// Smoothing alone moves no axis.
bool TrainingPlot::keeps_view(const TrainingForm& form) const {
  TrainingForm same = form;
  same.smoothing = form_.smoothing;
  return same == form_;
}

void TrainingPlot::toggle_log() {
  TrainingForm form = form_;
  form.logarithmic_values = !form.logarithmic_values;
  set_form(form);
}

QStringList TrainingPlot::kurtosis_sites(const TrainingData& data) {
  QStringList sites;
  for (const TrainingSeries& series : data.series) {
    for (const auto& [site, points] : series.curve.kurtosis) {
      if (!points.empty() && !sites.contains(kind_of(site))) sites << kind_of(site);
    }
  }
  sites.sort();
  return sites;
}

bool TrainingPlot::has_any(std::vector<double> TrainingCurve::*values) const {
  return std::any_of(data_.series.begin(), data_.series.end(), [values](const TrainingSeries& s) { return !(s.curve.*values).empty(); });
}

bool TrainingPlot::has_data() const { return has_any(&TrainingCurve::loss) || has_any(&TrainingCurve::evaluation_loss); }

bool TrainingPlot::shows_kurtosis() const { return form_.kurtosis && kurtosis_sites(data_).contains(data_.kurtosis_site); }

bool TrainingPlot::shows_everything() const { return full_.isEmpty() || view_ranges() == full_; }

QCPAxisRect* TrainingPlot::add_panel_below(const PlotStyle& style, const QString& label, bool logarithmic, double stretch) {
  QCPAxisRect* panel = make_panel(this, style);
  const int row = plotLayout()->rowCount();
  plotLayout()->addElement(row, 0, panel);
  plotLayout()->setRowStretchFactor(row, stretch);
  if (form_.logarithmic_steps) {
    set_scale(bottom_axis(panel), true, true);
  } else {
    set_whole_ticks(bottom_axis(panel));
  }
  set_scale(left_axis(panel), logarithmic);
  if (stretch < 2) left_axis(panel)->ticker()->setTickCount(2);
  // Above the panel and not beside it: small panels on paper are lower than their name is long.
  set_head(panel, {{label, style.label_font, style.text}});
  panels_.emplace_back(panel);
  return panel;
}

void TrainingPlot::draw(const PlotStyle& style) {
  lines_.clear();
  panels_.clear();
  draw_legend(style);
  draw_loss(style);
  if (form_.learning_rate && has_any(&TrainingCurve::learning_rate)) draw_simple(style, tr("Learning rate"), &TrainingCurve::learning_rate);
  if (form_.gradient_norm && has_any(&TrainingCurve::gradient_norm)) draw_simple(style, tr("Gradient norm"), &TrainingCurve::gradient_norm);
  if (shows_kurtosis()) draw_kurtosis(style);
  auto* margins = new QCPMarginGroup(this);
  QList<QCPAxis*> steps;
  for (const auto& panel : panels_) {
    panel->setMarginGroup(QCP::msLeft | QCP::msRight, margins);
    steps << bottom_axis(panel);
    if (panel != panels_.back()) bottom_axis(panel)->setTickLabels(false);
  }
  bottom_axis(panels_.back())->setLabel(tr("Step"));
  link_axes(steps);
}

void TrainingPlot::draw_legend(const PlotStyle& style) {
  std::vector<LegendEntry> entries;
  for (size_t i = 0; i < data_.series.size(); ++i)
    entries.push_back({data_.series[i].name, smooth_look(style, data_.series[i].name, static_cast<int>(i)), true});
  const auto faint = [&](LineLook look) {
    look.colour = style.faint_text;
    look.dash = Qt::SolidLine;
    return look;
  };
  LineLook raw = faint(raw_look(style, {}, 0));
  raw.colour = blended(style.faint_text, style.background, 0.5);
  entries.push_back({tr("raw"), raw});
  if (form_.smoothing > 0) {
    entries.push_back({tr("smoothed: moving average, β %1, bias-corrected").arg(form_.smoothing), faint(smooth_look(style, {}, 0))});
  }
  if (has_any(&TrainingCurve::evaluation_loss)) entries.push_back({tr("evaluation"), faint(evaluation_look(style, {}, 0))});
  plotLayout()->addElement(plotLayout()->rowCount(), 0, new LegendBar(this, style, std::move(entries)));
}

void TrainingPlot::add_line(QCPAxisRect* panel, const LineLook& look, Line line) {
  auto* drawn = new LineSeries(bottom_axis(panel), left_axis(panel), look);
  drawn->set_points(line.steps, line.values);
  line.panel = panel;
  lines_.push_back(std::move(line));
}

void TrainingPlot::draw_loss(const PlotStyle& style) {
  QCPAxisRect* panel = add_panel_below(style, tr("Loss per token"), form_.logarithmic_values, 2.4);
  for (size_t i = 0; i < data_.series.size(); ++i) {
    const TrainingSeries& s = data_.series[i];
    const LineLook look =
        form_.smoothing > 0 ? raw_look(style, s.name, static_cast<int>(i)) : smooth_look(style, s.name, static_cast<int>(i));
    add_line(panel, look, {nullptr, s.name, tr("loss"), -1, s.curve.step, s.curve.loss});
  }
  for (size_t i = 0; i < data_.series.size(); ++i) {
    const TrainingSeries& s = data_.series[i];
    if (form_.smoothing > 0) {
      add_line(panel, smooth_look(style, s.name, static_cast<int>(i)),
               {nullptr, s.name, tr("smoothed loss"), -1, s.curve.step, smoothed(s.curve.loss, form_.smoothing)});
    }
    if (s.curve.evaluation_loss.empty()) continue;
    add_line(panel, evaluation_look(style, s.name, static_cast<int>(i)),
             {nullptr, s.name, tr("evaluation loss"), -1, s.curve.evaluation_step, s.curve.evaluation_loss});
  }
}

void TrainingPlot::draw_simple(const PlotStyle& style, const QString& label, std::vector<double> TrainingCurve::*values) {
  QCPAxisRect* panel = add_panel_below(style, label, form_.logarithmic_values, 1);
  const QString what = label.toLower();
  for (size_t i = 0; i < data_.series.size(); ++i) {
    const TrainingSeries& s = data_.series[i];
    LineLook look = smooth_look(style, s.name, static_cast<int>(i));
    look.width = style.line_width;
    add_line(panel, look, {nullptr, s.name, what, -1, s.curve.step, s.curve.*values});
  }
}

int TrainingPlot::kurtosis_layers() const {
  int layers = 0;
  for (const TrainingSeries& s : data_.series) {
    for (const auto& [site, points] : s.curve.kurtosis) {
      if (kind_of(site) == data_.kurtosis_site && !points.empty()) layers = std::max(layers, layer_of(site) + 1);
    }
  }
  return layers;
}

/// Colours of some layers, first and last among them: those between lie between.
void TrainingPlot::draw_layer_legend(const PlotStyle& style, int layers) {
  constexpr int kMost = 8;
  const int step = std::max(1, (layers - 1 + kMost - 2) / (kMost - 1));
  std::vector<LegendEntry> entries;
  for (int layer = 0; layer < layers; ++layer) {
    if (layer % step != 0 && layer + 1 != layers) continue;
    LineLook look;
    look.colour = layer_colour(style, layer, layers);
    look.width = style.line_width * 1.2;
    entries.push_back({tr("layer %1").arg(layer), look, layer == selection().layer});
  }
  plotLayout()->addElement(plotLayout()->rowCount(), 0, new LegendBar(this, style, std::move(entries)));
  plotLayout()->setRowStretchFactor(plotLayout()->rowCount() - 1, 0.01);
}

void TrainingPlot::draw_kurtosis(const PlotStyle& style) {
  const int layers = kurtosis_layers();
  draw_layer_legend(style, layers);
  QCPAxisRect* panel = add_panel_below(style, tr("Kurtosis of %1 by layer").arg(site_words(data_.kurtosis_site)), true, 1.4);
  for (const bool selected : {false, true}) {  // the selected layer lies above the others
    for (size_t i = 0; i < data_.series.size(); ++i) {
      const TrainingSeries& s = data_.series[i];
      for (const auto& [site, points] : s.curve.kurtosis) {
        const int layer = layer_of(site);
        if (kind_of(site) != data_.kurtosis_site || points.empty() || (layer == selection().layer) != selected) continue;
        Line line{nullptr, s.name, tr("kurtosis of %1").arg(site_words(site)), layer, {}, {}};
        for (const auto& [step, kurtosis] : points) {
          line.steps.push_back(step);
          line.values.push_back(kurtosis);
        }
        LineLook look = series_look(style, static_cast<int>(i));  // dashes tell the run, colours the layer
        look.marker = Marker::none;
        look.colour = layer_colour(style, layer, layers);
        look.width = style.line_width * (selected ? 1.8 : 0.9);
        add_line(panel, look, std::move(line));
      }
    }
  }
}

void TrainingPlot::set_full_ranges() {
  std::vector<double> steps;
  for (const Line& line : lines_) steps.insert(steps.end(), line.steps.begin(), line.steps.end());
  const QCPRange span = padded_range(steps, form_.logarithmic_steps, 0.02);
  for (const auto& panel : panels_) {
    std::vector<double> values;
    for (const Line& line : lines_) {
      if (line.panel == panel) values.insert(values.end(), line.values.begin(), line.values.end());
    }
    bottom_axis(panel)->setRange(span);
    left_axis(panel)->setRange(padded_range(values, left_axis(panel)->scaleType() == QCPAxis::stLogarithmic, 0.06));
  }
  full_ = view_ranges();
}

std::optional<Hit> TrainingPlot::hit(QPointF position) const {
  double nearest = std::max(reach() * 4, 24.0);
  std::optional<Hit> found;
  for (const Line& line : lines_) {
    if (line.panel == nullptr || !line.panel->rect().contains(position.toPoint()) || line.steps.empty()) continue;
    const double step = bottom_axis(line.panel)->pixelToCoord(position.x());
    auto at = static_cast<size_t>(std::lower_bound(line.steps.begin(), line.steps.end(), step) - line.steps.begin());
    if (at == line.steps.size() || (at > 0 && step - line.steps[at - 1] < line.steps[at] - step)) --at;
    if (!std::isfinite(line.values[at])) continue;
    const QPointF there(bottom_axis(line.panel)->coordToPixel(line.steps[at]), left_axis(line.panel)->coordToPixel(line.values[at]));
    const double distance = std::hypot(there.x() - position.x(), there.y() - position.y());
    if (distance >= nearest) continue;
    nearest = distance;
    Hit hit;
    hit.selection = selection();
    if (line.layer >= 0) hit.selection.layer = line.layer;
    hit.panel = line.panel;
    hit.position = there;
    hit.text = QStringList{tr("step %1").arg(grouped(std::llround(line.steps[at]))), line.name,
                           QStringLiteral("%1 %2").arg(line.what, number(line.values[at], 4))}
                   .join(QStringLiteral(" · "));
    found = hit;
  }
  return found;
}

double TrainingPlot::height_to_width() const {
  const int small = (form_.learning_rate && has_any(&TrainingCurve::learning_rate) ? 1 : 0) +
                    (form_.gradient_norm && has_any(&TrainingCurve::gradient_norm) ? 1 : 0);
  return 0.52 + 0.22 * small + (shows_kurtosis() ? 0.32 : 0);
}

FigureTable TrainingPlot::table() const {
  FigureTable table;
  table.columns = {tr("training"), tr("what"), tr("step"), tr("value")};
  for (const Line& line : lines_) {
    if (line.panel == nullptr) continue;
    const QCPRange view = bottom_axis(line.panel)->range();
    for (size_t i = 0; i < line.steps.size(); ++i) {
      if (view.contains(line.steps[i])) table.rows.push_back({line.name, line.what, exact(line.steps[i]), exact(line.values[i])});
    }
  }
  return table;
}

QString TrainingPlot::file_name() const {
  QStringList parts{QStringLiteral("training")};
  for (const TrainingSeries& series : data_.series) parts << series.name;
  return parts.join(QLatin1Char('-'));
}

QString TrainingPlot::caption() const {
  QStringList names;
  for (const TrainingSeries& series : data_.series) names << series.name;
  QString text = tr("Fine-tuning: %1. Loss is the mean over all predicted tokens of a step").arg(names.join(tr(" and ")));
  text += form_.smoothing > 0 ? tr(", raw and as a bias-corrected moving average with β %1.").arg(form_.smoothing) : QStringLiteral(".");
  if (shows_kurtosis())
    text += QLatin1Char(' ') + tr("Kurtosis of %1 by layer (colour), measured while training.").arg(site_words(data_.kurtosis_site));
  return data_.facts.isEmpty() ? text : text + QLatin1Char(' ') + data_.facts;
}

}  // namespace rolora::widgets
