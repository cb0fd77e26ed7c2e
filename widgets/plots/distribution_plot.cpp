// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/plots/distribution_plot.h"

#include <algorithm>
#include <cmath>

#include "widgets/base/format.h"
#include "widgets/data/site_words.h"
#include "widgets/plots/line_series.h"
#include "widgets/plots/log_ticker.h"
#include "widgets/plots/panels.h"
#include "widgets/plots/quantile_rails.h"

namespace rolora::widgets {
namespace {

constexpr double kRidge = 0.86;        // of the distance of two layers
constexpr double kQuantileDot = 0.55;  // of a marker
constexpr double kLeftOfView = 0.001;  // share of the values that a fitted view leaves out on the left, and says so

/// Before is a filled area, after is a line over it: told apart without colour.
LineLook look_of(const PlotStyle& style, const QString& state, bool is_a, bool both) {
  LineLook look = state_look(style, state, is_a ? 0 : 1);
  look.marker = Marker::none;
  look.dash = Qt::SolidLine;
  look.width = is_a ? style.line_width * 0.7 : style.line_width;
  if (is_a || !both) look.fill = blended(look.colour, style.background, 0.3);
  return look;
}

/// Layers grow downwards: the axis shows −y.
class DownwardTicker : public IndexTicker {
 protected:
  QString getTickLabel(double tick, const QLocale&, QChar, int) override { return grouped(-std::llround(tick)); }
};

QString bin_text(int bins_an_octave) {
  return bins_an_octave == 1 ? DistributionPlot::tr("one octave") : DistributionPlot::tr("1/%1 octave").arg(bins_an_octave);
}

}  // namespace

DistributionPlot::DistributionPlot(QWidget* parent) : DataPlot(parent) {
  set_title(tr("Distribution"));
  set_empty_text(tr("Select a model with statistics to see how its values are distributed."));
}

void DistributionPlot::toggle_log() {
  DistributionForm form = form_;
  form.logarithmic = !form.logarithmic;
  set_form(form);
}

void DistributionPlot::prepare() {
  drawn_.clear();
  largest_count_ = 1;
  for (size_t row = 0; row < data_.rows.size(); ++row) {
    for (const bool is_a : {true, false}) {
      const std::optional<DistributionSeries>& series = is_a ? data_.rows[row].a : data_.rows[row].b;
      if (!series) continue;
      Drawn drawn{static_cast<int>(row), is_a, series->name, data_.scaling == Scaling::over_rms && series->rms > 0 ? series->rms : 1,
                  pooled(series->histogram, form_.bins_an_octave)};
      for (double& edge : drawn.histogram.edges) edge /= drawn.rms;
      for (const uint64_t count : drawn.histogram.counts) largest_count_ = std::max(largest_count_, count);
      drawn_.push_back(std::move(drawn));
    }
  }
}

const DistributionSeries& DistributionPlot::series(const Drawn& drawn) const {
  const DistributionRow& row = data_.rows[static_cast<size_t>(drawn.row)];
  return drawn.is_a ? *row.a : *row.b;
}

bool DistributionPlot::has_data() const {
  return std::any_of(drawn_.begin(), drawn_.end(), [](const Drawn& drawn) { return !drawn.histogram.counts.empty(); });
}

QString DistributionPlot::key_label() const {
  const QString what = data_.token_maxima ? tr("Largest |x| of a token") : QStringLiteral("|x|");
  return data_.scaling == Scaling::over_rms ? tr("%1 / rms of the tensor").arg(what) : what;
}

// The label says what lies left of the view, and says it anew when the view moves.
void DistributionPlot::follow_key_range() {
  const auto say = [this] {
    const QString outside = outside_note();
    bottom_axis(panel_)->setLabel(outside.isEmpty() ? key_label() : QStringLiteral("%1  (%2)").arg(key_label(), outside));
  };
  connect(bottom_axis(panel_), qOverload<const QCPRange&>(&QCPAxis::rangeChanged), this, say);
  say();
}

QString DistributionPlot::value_label() const {
  if (form_.share_above) return data_.token_maxima ? tr("Share of tokens at or above") : tr("Share of values at or above");
  return (data_.token_maxima ? tr("Tokens per bin (%1)") : tr("Values per bin (%1)")).arg(bin_text(form_.bins_an_octave));
}

void DistributionPlot::draw(const PlotStyle& style) {
  if (ridges()) {
    draw_ridges(style);
  } else {
    draw_layer(style);
  }
}

void DistributionPlot::draw_layer(const PlotStyle& style) {
  panel_ = make_panel(this, style);
  plotLayout()->addElement(0, 0, panel_);
  set_scale(bottom_axis(panel_), true);
  set_scale(left_axis(panel_), form_.logarithmic, !form_.share_above);
  follow_key_range();
  left_axis(panel_)->setLabel(value_label());
  for (const Drawn& drawn : drawn_) draw_series(style, drawn);
  add_rails(style);
}

void DistributionPlot::draw_series(const PlotStyle& style, const Drawn& drawn) {
  LineLook look = look_of(style, drawn.name, drawn.is_a, drawn_.size() > 1);
  if (form_.share_above) {
    look.fill = QColor();
    look.dash = drawn.is_a ? Qt::SolidLine : Qt::DashLine;
    look.width = style.line_width;
    ShareAbove above = shares_above(series(drawn).histogram);
    for (double& at : above.at) at /= drawn.rms;
    (new LineSeries(bottom_axis(panel_), left_axis(panel_), look))->set_points(std::move(above.at), std::move(above.share));
    return;
  }
  std::vector<double> heights(drawn.histogram.counts.begin(), drawn.histogram.counts.end());
  (new StepSeries(bottom_axis(panel_), left_axis(panel_), look))->set_steps(drawn.histogram.edges, std::move(heights), 0);
}

void DistributionPlot::add_rails(const PlotStyle& style) {
  std::vector<Rail> rails;
  for (const Drawn& drawn : drawn_) {
    const DistributionSeries& source = series(drawn);
    Rail rail;
    rail.name = drawn_.size() > 1 ? (drawn.is_a ? tr("A  %1") : tr("B  %1")).arg(source.name) : source.name;
    const uint64_t zeros = drawn.histogram.zeros, total = drawn.histogram.total();
    rail.remark = zeros == 0 ? tr("no zeros")
                             : tr("zeros: %1 (%2 %)")
                                   .arg(grouped(static_cast<qint64>(zeros)),
                                        number(100 * static_cast<double>(zeros) / static_cast<double>(total), 2));
    rail.look = look_of(style, drawn.name, drawn.is_a, drawn_.size() > 1);
    for (const auto& [name, value] : source.marks) rail.marks.push_back({name, value / drawn.rms, number(value / drawn.rms)});
    rails.push_back(std::move(rail));
  }
  new QuantileRails(panel_, style, std::move(rails));
}

double DistributionPlot::ridge_height(uint64_t count) const {
  const double share = form_.logarithmic ? std::log1p(static_cast<double>(count)) / std::log1p(static_cast<double>(largest_count_))
                                         : static_cast<double>(count) / static_cast<double>(largest_count_);
  return kRidge * share;
}

void DistributionPlot::draw_ridges(const PlotStyle& style) {
  std::vector<LegendEntry> legend;
  for (const bool is_a : {true, false}) {
    const auto found = std::find_if(drawn_.begin(), drawn_.end(), [is_a](const Drawn& d) { return d.is_a == is_a; });
    if (found == drawn_.end()) continue;
    legend.push_back({(is_a ? tr("A  %1") : tr("B  %1")).arg(found->name), look_of(style, found->name, is_a, true), true});
  }
  legend.push_back({data_.token_maxima ? tr("largest |x| of all tokens") : tr("largest |x|"), {}, false});
  legend.back().look.colour = style.text;
  legend.back().look.width = 0;
  legend.back().look.marker = Marker::triangle_down;
  legend.back().look.marker_size = style.marker_size * 0.8;
  QStringList quantiles;
  const auto& named = drawn_.empty() ? std::vector<std::pair<QString, double>>() : series(drawn_.front()).marks;
  for (size_t i = 0; i + 1 < named.size(); ++i) quantiles += named[i].first;
  if (!quantiles.isEmpty()) {
    legend.push_back(legend.back());
    legend.back().text = quantiles.join(QStringLiteral(", "));
    legend.back().look.marker = Marker::disc;
    legend.back().look.marker_size = style.marker_size * kQuantileDot;
  }
  plotLayout()->addElement(0, 0, new LegendBar(this, style, std::move(legend)));
  panel_ = make_panel(this, style);
  plotLayout()->addElement(1, 0, panel_);
  QCPAxis *x = bottom_axis(panel_), *y = left_axis(panel_);
  set_scale(x, true);
  y->setTicker(QSharedPointer<DownwardTicker>::create());
  y->grid()->setVisible(false);
  follow_key_range();
  // Short enough for a column of a paper: the caption says how wide the bins are.
  y->setLabel(form_.logarithmic ? tr("Layer · log count") : tr("Layer · count"));
  for (const Drawn& drawn : drawn_) {
    const double base = -data_.rows[static_cast<size_t>(drawn.row)].layer - kRidge / 2;
    LineLook look = look_of(style, drawn.name, drawn.is_a, true);
    std::vector<double> heights;
    for (const uint64_t count : drawn.histogram.counts) heights.push_back(base + ridge_height(count));
    (new StepSeries(x, y, look))->set_steps(drawn.histogram.edges, std::move(heights), base);
    const auto& marks = series(drawn).marks;
    if (marks.empty()) continue;
    look.marker = Marker::triangle_down;
    look.marker_size = style.marker_size * 0.8;
    look.hollow = !drawn.is_a;
    look.ground = style.background;
    look.width = 0;
    (new LineSeries(x, y, look))->set_points({marks.back().second / drawn.rms}, {base + kRidge * 0.3});
    look.marker = Marker::disc;
    look.marker_size = style.marker_size * kQuantileDot;
    std::vector<double> at;
    for (size_t i = 0; i + 1 < marks.size(); ++i) at.push_back(marks[i].second / drawn.rms);
    std::vector<double> heights_of_dots(at.size(), base);
    (new LineSeries(x, y, look))->set_points(std::move(at), std::move(heights_of_dots));
  }
}

QString DistributionPlot::outside_note() const {
  if (panel_ == nullptr) return {};
  const double lower = bottom_axis(panel_)->range().lower;
  uint64_t outside = 0, all = 0;
  for (const Drawn& drawn : drawn_) {
    const PooledHistogram& h = drawn.histogram;
    for (size_t i = 0; i < h.counts.size(); ++i) outside += h.edges[i + 1] <= lower ? h.counts[i] : 0;
    all += h.total();
  }
  if (outside == 0) return {};
  return tr("%1 % lie left of the view").arg(number(100 * static_cast<double>(outside) / static_cast<double>(all), 2));
}

void DistributionPlot::set_full_ranges() {
  if (panel_ == nullptr) return;
  double low = std::numeric_limits<double>::infinity(), high = 0;
  for (const Drawn& drawn : drawn_) {
    if (drawn.histogram.counts.empty()) continue;
    low = std::min(low, lower_end(series(drawn).histogram, kLeftOfView) / drawn.rms);
    high = std::max(high, drawn.histogram.edges.back());
  }
  if (!(low < high)) return;
  bottom_axis(panel_)->setRange(low, high * std::pow(high / low, 0.02));
  QCPAxis* y = left_axis(panel_);
  if (ridges()) {
    y->setRange(-data_.rows.back().layer - 0.6, -data_.rows.front().layer + 0.6);
  } else if (!form_.share_above) {
    const auto largest = static_cast<double>(largest_count_);
    form_.logarithmic ? y->setRange(0.6, std::max(10.0, largest * 1.7)) : y->setRange(0, largest * 1.06);
  } else {
    double least = 1;
    for (const Drawn& drawn : drawn_) least = std::min(least, 1.0 / static_cast<double>(std::max<uint64_t>(1, drawn.histogram.total())));
    form_.logarithmic ? y->setRange(least * 0.7, 1.6) : y->setRange(0, 1.04);
  }
}

double DistributionPlot::height_to_width() const {
  return ridges() ? std::clamp(0.3 + 0.06 * static_cast<double>(data_.rows.size()), 0.62, 1.35) : 0.62;
}

std::optional<Hit> DistributionPlot::hit(QPointF position) const {
  if (panel_ == nullptr || !panel_->rect().contains(position.toPoint())) return std::nullopt;
  const double magnitude = bottom_axis(panel_)->pixelToCoord(position.x());
  int row = 0;
  if (ridges()) {
    const auto layer = static_cast<int>(std::lround(-left_axis(panel_)->pixelToCoord(position.y())));
    const auto found = std::find_if(data_.rows.begin(), data_.rows.end(), [layer](const DistributionRow& r) { return r.layer == layer; });
    if (found == data_.rows.end()) return std::nullopt;
    row = static_cast<int>(found - data_.rows.begin());
  }
  return hit_of(magnitude, row);
}

std::optional<Hit> DistributionPlot::hit_of(double magnitude, int row) const {
  Hit hit;
  hit.selection = selection();
  hit.selection.layer = data_.rows[static_cast<size_t>(row)].layer;
  hit.panel = panel_;
  QStringList parts{tr("layer %1").arg(hit.selection.layer)};
  bool inside = false;
  for (const Drawn& drawn : drawn_) {
    if (drawn.row != row) continue;
    const PooledHistogram& h = drawn.histogram;
    const int bin = h.bin_of(magnitude);
    if (bin < 0) {
      parts << tr("%1: none here").arg(drawn.name);
      continue;
    }
    const auto at = static_cast<size_t>(bin);
    parts << tr("%1: %2 in %3 … %4, %5 % at or above")
                 .arg(drawn.name, grouped(static_cast<qint64>(h.counts[at])), number(h.edges[at]), number(h.edges[at + 1]),
                      number(100 * h.share_from(bin), 3));
    const double middle = std::sqrt(h.edges[at] * h.edges[at + 1]);
    const double y = ridges()            ? -hit.selection.layer - kRidge / 2 + ridge_height(h.counts[at])
                     : form_.share_above ? h.share_from(bin)
                                         : static_cast<double>(h.counts[at]);
    if (!inside) hit.position = {bottom_axis(panel_)->coordToPixel(middle), left_axis(panel_)->coordToPixel(y)};
    inside = true;
  }
  if (!inside) return std::nullopt;
  const QRectF rect = panel_->rect();
  hit.position.setY(std::clamp(hit.position.y(), rect.top(), rect.bottom()));
  hit.text = parts.join(QStringLiteral(" · "));
  return hit;
}

int DistributionPlot::row_of_layer(int layer) const {
  for (size_t i = 0; i < data_.rows.size(); ++i) {
    if (data_.rows[i].layer == layer) return static_cast<int>(i);
  }
  return -1;
}

std::optional<Hit> DistributionPlot::hit_of_largest(int row) const {
  if (panel_ == nullptr) return std::nullopt;
  double largest = 0;
  for (const Drawn& drawn : drawn_) {
    const auto& edges = drawn.histogram.edges;
    if (drawn.row == row && edges.size() > 1) largest = std::max(largest, std::sqrt(edges.back() * edges[edges.size() - 2]));
  }
  return largest > 0 ? hit_of(largest, row) : std::nullopt;
}

// A bin is no place that a selection can name: the keys go through the layers, at their largest value.
std::optional<Hit> DistributionPlot::stepped(int, int dy, bool) const {
  if (drawn_.empty()) return std::nullopt;
  const int row = row_of_layer(selection().layer);
  return hit_of_largest(row < 0 ? 0 : std::clamp(row + dy, 0, static_cast<int>(data_.rows.size()) - 1));
}

std::optional<Hit> DistributionPlot::hit_of_selection() const {
  const int row = data_.rows.size() == 1 ? 0 : row_of_layer(selection().layer);
  return row < 0 ? std::nullopt : hit_of_largest(row);
}

void DistributionPlot::mark(const PlotStyle& style) {
  if (!ridges() || panel_ == nullptr || selection().layer < 0) return;
  auto* band = new QCPItemRect(this);
  band->setLayer(overlay_layer());
  band->setClipAxisRect(panel_);
  for (QCPItemPosition* corner : {band->topLeft, band->bottomRight}) {
    corner->setAxisRect(panel_);
    corner->setAxes(bottom_axis(panel_), left_axis(panel_));
    corner->setTypeX(QCPItemPosition::ptAxisRectRatio);
    corner->setTypeY(QCPItemPosition::ptPlotCoords);
  }
  band->topLeft->setCoords(0, -selection().layer + 0.5);
  band->bottomRight->setCoords(1, -selection().layer - 0.5);
  band->setPen(QPen(style.highlight, style.axis_width));
  band->setBrush(Qt::NoBrush);
}

FigureTable DistributionPlot::table() const {
  FigureTable table;
  table.columns = {tr("layer"), tr("state"), tr("at least"), tr("below"), tr("count"), tr("share at or above")};
  const QCPRange view = panel_ == nullptr ? QCPRange(0, std::numeric_limits<double>::max()) : bottom_axis(panel_)->range();
  for (const Drawn& drawn : drawn_) {
    const QString layer = QString::number(data_.rows[static_cast<size_t>(drawn.row)].layer);
    const PooledHistogram& h = drawn.histogram;
    if (h.zeros > 0)
      table.rows.push_back({layer, drawn.name, QStringLiteral("0"), QStringLiteral("0"), QString::number(h.zeros), exact(1.0)});
    for (size_t i = 0; i < h.counts.size(); ++i) {
      if (h.edges[i + 1] < view.lower || h.edges[i] > view.upper) continue;
      table.rows.push_back({layer, drawn.name, exact(h.edges[i]), exact(h.edges[i + 1]), QString::number(h.counts[i]),
                            exact(h.share_from(static_cast<int>(i)))});
    }
  }
  return table;
}

QString DistributionPlot::file_name() const {
  QStringList parts{QStringLiteral("distribution"), data_.site};
  if (data_.rows.size() == 1) parts << QStringLiteral("layer%1").arg(data_.rows.front().layer);
  if (data_.token_maxima) parts << QStringLiteral("tokens");
  if (data_.without_first) parts << QStringLiteral("without-first");
  for (const bool is_a : {true, false}) {
    const auto found = std::find_if(drawn_.begin(), drawn_.end(), [is_a](const Drawn& d) { return d.is_a == is_a; });
    if (found != drawn_.end()) parts << found->name;
  }
  return parts.join(QLatin1Char('-'));
}

QString DistributionPlot::caption() const {
  QStringList states;
  for (const Drawn& drawn : drawn_) {
    if (drawn.row == 0) states << (drawn.is_a ? tr("%1 (A)") : tr("%1 (B)")).arg(drawn.name);
  }
  const QString where = data_.rows.size() == 1 ? tr("%1 of layer %2").arg(site_words(data_.site)).arg(data_.rows.front().layer)
                                               : tr("%1 by layer").arg(site_words(data_.site));
  QString text =
      (data_.token_maxima ? tr("Distribution of the largest |x| of each token at %1, %2.") : tr("Distribution of |x| at %1, %2."))
          .arg(where, states.join(tr(" and ")));
  text += QLatin1Char(' ') + (form_.share_above && !ridges() ? tr("Share of values at or above |x|.")
                                                             : tr("Counts in bins of %1.").arg(bin_text(form_.bins_an_octave)));
  if (data_.scaling == Scaling::over_rms) text += QLatin1Char(' ') + tr("|x| as multiples of the tensor's rms.");
  if (data_.without_first) text += QLatin1Char(' ') + tr("The first token of each window is left out.");
  return data_.facts.isEmpty() ? text : text + QLatin1Char(' ') + data_.facts;
}

}  // namespace rolora::widgets
