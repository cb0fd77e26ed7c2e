// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/plots/error_plot.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "widgets/base/format.h"
#include "widgets/plots/line_series.h"
#include "widgets/plots/panels.h"

namespace rolora::widgets {
namespace {

constexpr int kColumns = 4;  // the seven linears of a layer in two rows

QString cause_text(ErrorCause cause) {
  switch (cause) {
    case ErrorCause::weights:
      return ErrorPlot::tr("weights quantized");
    case ErrorCause::activations:
      return ErrorPlot::tr("activations quantized");
    case ErrorCause::both:
      return ErrorPlot::tr("weights and activations quantized");
  }
  return {};
}

QString cause_word(ErrorCause cause) {
  return cause == ErrorCause::weights ? QStringLiteral("weights")
         : cause == ErrorCause::both  ? QStringLiteral("both")
                                      : QStringLiteral("activations");
}

std::vector<QString> kinds_of(const ErrorData& data) {
  std::vector<QString> kinds;
  for (const ErrorSeries& series : data.series) {
    for (const LinearError& linear : series.linears) {
      if (std::find(kinds.begin(), kinds.end(), linear.kind) == kinds.end()) kinds.push_back(linear.kind);
    }
  }
  return kinds;
}

}  // namespace

double error_value(const LinearError& linear, ErrorCause cause, ErrorMeasure measure) {
  const double error = cause == ErrorCause::weights       ? linear.output_error_weights
                       : cause == ErrorCause::activations ? linear.output_error_activations
                                                          : linear.output_error_both;
  if (measure == ErrorMeasure::relative_error) return error;
  return error > 0 ? -20 * std::log10(error) : std::numeric_limits<double>::quiet_NaN();
}

std::optional<SiteKind> site_read_by(const QString& kind) {
  if (kind == QLatin1String("q_proj") || kind == QLatin1String("k_proj") || kind == QLatin1String("v_proj")) return SiteKind::qkv_in;
  if (kind == QLatin1String("o_proj")) return SiteKind::o_in;
  if (kind == QLatin1String("gate_proj") || kind == QLatin1String("up_proj")) return SiteKind::gate_up_in;
  if (kind == QLatin1String("down_proj")) return SiteKind::down_in;
  return std::nullopt;
}

ErrorPlot::ErrorPlot(QWidget* parent) : DataPlot(parent) {
  set_title(tr("Quantization error"));
  set_empty_text(tr("Open a run that quantized a model with a calibration text: its error by layer is shown here."));
}

void ErrorPlot::toggle_log() {
  ErrorForm form = form_;
  form.logarithmic = !form.logarithmic;
  set_form(form);
}

bool ErrorPlot::has_data() const {
  for (const ErrorSeries& series : data_.series) {
    for (const LinearError& linear : series.linears) {
      if (std::isfinite(value_of(linear))) return true;
    }
  }
  return false;
}

QString ErrorPlot::measure_label() const {
  return form_.measure == ErrorMeasure::sqnr ? tr("SQNR of the output in dB") : tr("Relative output error");
}

// Colour and marker say the state, dash and filling the method.
LineLook ErrorPlot::look_of(const PlotStyle& style, const ErrorSeries& series) const {
  QStringList states, methods;
  for (const ErrorSeries& s : data_.series) {
    if (!states.contains(s.state)) states << s.state;
    if (!methods.contains(s.method)) methods << s.method;
  }
  LineLook look = state_look(style, series.state, static_cast<int>(states.indexOf(series.state)));
  const auto method = static_cast<int>(methods.indexOf(series.method));
  look.dash = series_look(style, method).dash;
  look.hollow = method % 2 == 1;
  return look;
}

QCPMarginGroup* ErrorPlot::margin_group(std::vector<QCPMarginGroup*>& groups, size_t index) {
  while (groups.size() <= index) groups.push_back(new QCPMarginGroup(this));
  return groups[index];
}

void ErrorPlot::draw(const PlotStyle& style) {
  panels_.clear();
  for (const QString& kind : kinds_of(data_)) panels_.push_back({kind, nullptr});
  LineLook none;
  none.width = 0;
  std::vector<LegendEntry> legend{{tr("%1 by layer, %2:").arg(measure_label(), cause_text(form_.cause)), none}};
  for (const ErrorSeries& series : data_.series) legend.push_back({series.name, look_of(style, series)});
  plotLayout()->addElement(0, 0, new LegendBar(this, style, std::move(legend)));
  auto* grid = new EvenGrid;  // only the first column has numbers beside it, only the lowest panels have them below
  grid->setRowSpacing(static_cast<int>(std::ceil(style.spacing)));
  grid->setColumnSpacing(static_cast<int>(std::ceil(style.spacing)));
  plotLayout()->addElement(1, 0, grid);
  QList<QCPAxis*> layers, values;
  std::vector<QCPMarginGroup*> rows, columns;
  for (size_t i = 0; i < panels_.size(); ++i) {
    draw_panel(style, grid, panels_[i], static_cast<int>(i));
    layers << bottom_axis(panels_[i].rect);
    values << left_axis(panels_[i].rect);
  }
  for (size_t i = 0; i < panels_.size(); ++i) {  // the edges of a row and of a column are in line
    panels_[i].rect->setMarginGroup(QCP::msTop | QCP::msBottom, margin_group(rows, i / kColumns));
    panels_[i].rect->setMarginGroup(QCP::msLeft | QCP::msRight, margin_group(columns, i % kColumns));
  }
  link_axes(layers);
  link_axes(values);
}

void ErrorPlot::draw_panel(const PlotStyle& style, QCPLayoutGrid* grid, Panel& panel, int index) {
  panel.rect = make_panel(this, style);
  const int row = index / kColumns, column = index % kColumns;
  grid->addElement(row, column, panel.rect);
  QCPAxis *x = bottom_axis(panel.rect), *y = left_axis(panel.rect);
  set_whole_ticks(x);
  set_scale(y, is_logarithmic());
  y->ticker()->setTickCount(4);
  y->setTickLabels(column == 0);                                             // all panels share both axes
  const bool lowest = index + kColumns >= static_cast<int>(panels_.size());  // of its column
  x->setTickLabels(lowest);
  if (lowest) x->setLabel(tr("Layer"));
  QFont bold = style.tick_font;
  bold.setBold(true);
  set_head(panel.rect, {{panel.kind, bold, style.text}});
  for (size_t i = 0; i < data_.series.size(); ++i) {
    std::vector<double> keys, values;
    for (const LinearError& linear : data_.series[i].linears) {
      if (linear.kind != panel.kind) continue;
      keys.push_back(linear.layer);
      values.push_back(value_of(linear));
    }
    LineLook look = look_of(style, data_.series[i]);
    look.marker_size *= 0.8;
    (new LineSeries(x, y, look))->set_points(std::move(keys), std::move(values));
  }
}

void ErrorPlot::set_full_ranges() {
  std::vector<double> values, layers;
  for (const ErrorSeries& series : data_.series) {
    for (const LinearError& linear : series.linears) {
      values.push_back(value_of(linear));
      layers.push_back(linear.layer);
    }
  }
  for (const Panel& panel : panels_) {
    bottom_axis(panel.rect)->setRange(padded_range(layers, false, 0.06));
    QCPRange range = padded_range(values, is_logarithmic(), 0.06);
    if (form_.measure == ErrorMeasure::relative_error && !form_.logarithmic) range.lower = 0;
    left_axis(panel.rect)->setRange(range);
  }
}

const ErrorPlot::Panel* ErrorPlot::panel_of(const QString& kind) const {
  for (const Panel& panel : panels_) {
    if (panel.kind == kind && panel.rect != nullptr) return &panel;
  }
  return nullptr;
}

std::optional<Hit> ErrorPlot::hit(QPointF position) const {
  double nearest = std::max(reach() * 4, 24.0);
  std::optional<Hit> found;
  for (const ErrorSeries& series : data_.series) {
    for (const LinearError& linear : series.linears) {
      const Panel* panel = panel_of(linear.kind);
      const double value = value_of(linear);
      if (panel == nullptr || !panel->rect->rect().contains(position.toPoint()) || !std::isfinite(value)) continue;
      const QPointF at(bottom_axis(panel->rect)->coordToPixel(linear.layer), left_axis(panel->rect)->coordToPixel(value));
      const double distance = std::hypot(at.x() - position.x(), at.y() - position.y());
      if (distance >= nearest) continue;
      nearest = distance;
      found = hit_of(series, linear, *panel);
    }
  }
  return found;
}

Hit ErrorPlot::hit_of(const ErrorSeries& series, const LinearError& linear, const Panel& panel) const {
  Hit hit;
  hit.selection = selection();
  hit.selection.layer = linear.layer;
  if (const auto site = site_read_by(linear.kind); site && *site != hit.selection.site) {
    hit.selection.site = *site;
    hit.selection.channel = hit.selection.token = -1;  // of another tensor
  }
  hit.panel = panel.rect;
  hit.position = {bottom_axis(panel.rect)->coordToPixel(linear.layer), left_axis(panel.rect)->coordToPixel(value_of(linear))};
  hit.text = QStringList{tr("layer %1").arg(linear.layer),
                         linear.kind,
                         series.name,
                         tr("relative output error %1").arg(number(error_value(linear, form_.cause, ErrorMeasure::relative_error))),
                         tr("SQNR %1 dB").arg(number(error_value(linear, form_.cause, ErrorMeasure::sqnr))),
                         cause_text(form_.cause)}
                 .join(QStringLiteral(" · "));
  return hit;
}

std::optional<Hit> ErrorPlot::hit_at(size_t series, const QString& kind, int layer) const {
  const Panel* panel = panel_of(kind);
  if (panel == nullptr || series >= data_.series.size()) return std::nullopt;
  for (const LinearError& linear : data_.series[series].linears) {
    if (linear.kind == kind && linear.layer == layer && std::isfinite(value_of(linear)))
      return hit_of(data_.series[series], linear, *panel);
  }
  return std::nullopt;
}

/// The line and the linear are not in the selection: they are those that lie at the place that was chosen.
void ErrorPlot::chosen(const Hit& hit) {
  choice_.reset();
  for (size_t i = 0; i < data_.series.size(); ++i) {
    for (const Panel& panel : panels_) {
      const auto here = panel.rect == hit.panel ? hit_at(i, panel.kind, hit.selection.layer) : std::nullopt;
      if (here && here->text == hit.text) choice_ = {i, panel.kind};
    }
  }
}

QStringList ErrorPlot::selected_kinds() const {
  if (choice_ && site_read_by(choice_->kind) == selection().site && panel_of(choice_->kind) != nullptr) return {choice_->kind};
  QStringList kinds;
  for (const Panel& panel : panels_) {
    if (site_read_by(panel.kind) == selection().site) kinds << panel.kind;
  }
  return kinds;
}

void ErrorPlot::mark(const PlotStyle& style) {
  for (const QString& kind : selected_kinds()) {
    if (const auto hit = hit_at(choice_ ? choice_->series : 0, kind, selection().layer)) mark_hit(*hit, style);
  }
}

std::optional<Hit> ErrorPlot::hit_of_selection() const {
  const QStringList kinds = selected_kinds();
  return kinds.isEmpty() ? std::nullopt : hit_at(choice_ ? choice_->series : 0, kinds.front(), selection().layer);
}

/// Left and right step through the layers of a linear, up and down through the linears.
std::optional<Hit> ErrorPlot::stepped(int dx, int dy, bool) const {
  if (panels_.empty()) return std::nullopt;
  const QStringList kinds = selected_kinds();
  const size_t series = choice_ ? choice_->series : 0;
  int at = 0;
  for (size_t i = 0; i < panels_.size(); ++i) {
    if (!kinds.isEmpty() && panels_[i].kind == kinds.front()) at = static_cast<int>(i);
  }
  const bool anywhere = selection().layer >= 0 && !kinds.isEmpty();
  const int layer = anywhere ? selection().layer + dx : std::max(0, selection().layer), wanted = anywhere ? at + dy : at;
  if (wanted < 0 || wanted >= static_cast<int>(panels_.size())) return std::nullopt;
  return hit_at(series, panels_[static_cast<size_t>(wanted)].kind, layer);
}

FigureTable ErrorPlot::table() const {
  FigureTable table;
  table.columns = {tr("series"),
                   tr("linear"),
                   tr("layer"),
                   tr("kind"),
                   tr("weight bits"),
                   tr("activation bits"),
                   tr("output error, weights"),
                   tr("output error, activations"),
                   tr("output error, both"),
                   tr("weight relative error"),
                   tr("weight MSE")};
  for (const ErrorSeries& series : data_.series) {
    for (const LinearError& linear : series.linears) {
      const Panel* panel = panel_of(linear.kind);
      if (panel != nullptr && !bottom_axis(panel->rect)->range().contains(linear.layer)) continue;
      table.rows.push_back({series.name, linear.linear, QString::number(linear.layer), linear.kind, QString::number(linear.weight_bits),
                            QString::number(linear.activation_bits), exact(linear.output_error_weights),
                            exact(linear.output_error_activations), exact(linear.output_error_both), exact(linear.weight_relative_error),
                            exact(linear.weight_mse)});
    }
  }
  return table;
}

QString ErrorPlot::file_name() const {
  return QStringLiteral("errors-%1-%2")
      .arg(form_.measure == ErrorMeasure::sqnr ? QStringLiteral("sqnr") : QStringLiteral("relative"), cause_word(form_.cause));
}

QString ErrorPlot::caption() const {
  QStringList names;
  for (const ErrorSeries& series : data_.series) names << series.name;
  const QString what = form_.measure == ErrorMeasure::sqnr ? tr("SQNR of each linear's output in dB, 20·log10(‖Y‖/‖Y − Ŷ‖)")
                                                           : tr("Relative error ‖Y − Ŷ‖/‖Y‖ of each linear's output");
  const QString text = tr("%1 by layer, %2: %3. Inputs are those of the unquantized model.")
                           .arg(what, cause_text(form_.cause), names.join(QStringLiteral("; ")));
  return data_.facts.isEmpty() ? text : text + QLatin1Char(' ') + data_.facts;
}

}  // namespace rolora::widgets
