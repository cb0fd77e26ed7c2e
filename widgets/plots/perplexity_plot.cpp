// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/plots/perplexity_plot.h"

#include <algorithm>
#include <cmath>

#include "widgets/base/format.h"
#include "widgets/plots/line_series.h"
#include "widgets/plots/panels.h"

namespace rolora::widgets {
namespace {

constexpr double kGapOfTexts = 1.4;

/// Names of the texts over their rows, left of the panel, and the values at the points.
class RowTexts : public QCPAbstractItem {
 public:
  using Texts = std::vector<std::pair<QPointF, QString>>;
  RowTexts(QCPAxisRect* panel, const PlotStyle& style, Texts values, Texts heads)
      : QCPAbstractItem(panel->parentPlot()), panel_(panel), style_(style), texts_(std::move(values)), heads_(std::move(heads)) {
    setSelectable(false);
    setClipToAxisRect(false);
  }
  double selectTest(const QPointF&, bool, QVariant*) const override { return -1; }

 protected:
  void draw(QCPPainter* painter) override {
    if (panel_ == nullptr) return;
    const QFontMetricsF metrics(style_.tick_font);
    painter->setFont(style_.tick_font);
    painter->setPen(style_.text);
    const QRectF rect = panel_->rect();
    for (const auto& [at, text] : texts_) {
      const double x = bottom_axis(panel_)->coordToPixel(at.x()), y = left_axis(panel_)->coordToPixel(at.y());
      if (!rect.contains(QPointF(x, y))) continue;
      const double wide = metrics.horizontalAdvance(text), away = style_.marker_size / 2 + style_.spacing * 0.7;
      const double left = x + away + wide > rect.right() ? x - away - wide : x + away;
      painter->drawText(QPointF(left, y + metrics.ascent() / 2 - metrics.descent() / 2), text);
    }
    draw_heads(painter, rect);
  }

 private:
  void draw_heads(QCPPainter* painter, const QRectF& rect) const {
    QFont bold = style_.tick_font;
    bold.setBold(true);
    const QFontMetricsF metrics(bold);
    painter->setFont(bold);
    for (const auto& [at, text] : heads_) {
      const double y = left_axis(panel_)->coordToPixel(at.y());
      if (y < rect.top() || y > rect.bottom()) continue;
      const double right = rect.left() - left_axis(panel_)->tickLabelPadding();
      painter->drawText(QPointF(right - metrics.horizontalAdvance(text), y + metrics.ascent() / 2 - metrics.descent() / 2), text);
    }
  }
  QPointer<QCPAxisRect> panel_;
  PlotStyle style_;
  Texts texts_, heads_;
};

}  // namespace

PerplexityPlot::PerplexityPlot(QWidget* parent) : Plot(parent) {
  set_title(tr("Perplexity"));
  set_empty_text(tr("Open a run that evaluates a model to compare its perplexities."));
}

void PerplexityPlot::set_data(PerplexityData data, bool keep_view) {
  data_ = std::move(data);
  QStringList texts;
  for (const PerplexityRow& row : data_.rows) {
    if (!texts.contains(row.text)) texts << row.text;
  }
  std::stable_sort(data_.rows.begin(), data_.rows.end(),
                   [&](const PerplexityRow& x, const PerplexityRow& y) { return texts.indexOf(x.text) < texts.indexOf(y.text); });
  data_changed(keep_view);
}

void PerplexityPlot::toggle_log() {
  logarithmic_ = !logarithmic_;
  data_changed(false);
}

void PerplexityPlot::draw(const PlotStyle& style) {
  LineLook quantized = series_look(style, 1), full = series_look(style, 0);
  quantized.width = full.width = 0;
  quantized.colour = full.colour = style.text;  // in the legend; a row has its state's colour
  full.hollow = true;
  plotLayout()->addElement(0, 0,
                           new LegendBar(this, style, {{tr("as evaluated"), quantized}, {tr("the same weights at full precision"), full}}));
  panel_ = make_panel(this, style);
  plotLayout()->addElement(1, 0, panel_);
  QCPAxis *x = bottom_axis(panel_), *y = left_axis(panel_);
  set_scale(x, logarithmic_);
  x->setLabel(tr("perplexity"));
  auto names = QSharedPointer<QCPAxisTickerText>::create();
  places_.clear();
  double next = 0;
  RowTexts::Texts numbers, heads;
  for (size_t i = 0; i < data_.rows.size(); ++i) {
    const PerplexityRow& row = data_.rows[i];
    if (i == 0 || row.text != data_.rows[i - 1].text) {
      next += i == 0 ? 0 : kGapOfTexts - 1;
      heads.emplace_back(QPointF(0, -next), tr("on “%1”").arg(row.text));
      next += 1;
    }
    places_.push_back(next);
    names->addTick(place(i), row.state);
    next += 1;
    quantized.colour = full.colour = state_colour(style, row.state);
    LineLook bar;
    bar.colour = style.axis;
    bar.width = style.axis_width;
    if (std::isfinite(row.full_precision) && row.full_precision != row.perplexity) {
      const auto [low, high] = std::minmax(row.full_precision, row.perplexity);
      (new LineSeries(x, y, bar))->set_points({low, high}, {place(i), place(i)});
      (new LineSeries(x, y, full))->set_points({row.full_precision}, {place(i)});
    }
    (new LineSeries(x, y, quantized))->set_points({row.perplexity}, {place(i)});
    numbers.emplace_back(
        QPointF(std::max(row.perplexity, std::isfinite(row.full_precision) ? row.full_precision : row.perplexity), place(i)),
        number(row.perplexity, 4));
  }
  y->setTicker(names);
  y->setTickLength(0, 0);
  y->grid()->setVisible(false);
  new RowTexts(panel_, style, std::move(numbers), std::move(heads));
}

void PerplexityPlot::set_full_ranges() {
  std::vector<double> values;
  for (const PerplexityRow& row : data_.rows) {
    values.push_back(row.perplexity);
    values.push_back(row.full_precision);
  }
  QCPRange range = padded_range(values, logarithmic_, 0.06);
  if (!logarithmic_) range.lower = 0;
  range.upper = logarithmic_ ? range.upper * std::pow(range.upper / range.lower, 0.1) : range.upper * 1.1;  // room for the last number
  bottom_axis(panel_)->setRange(range);
  left_axis(panel_)->setRange(-places_.back() - 0.8, 0.8);
}

std::optional<Hit> PerplexityPlot::hit(QPointF position) const {
  if (panel_ == nullptr || !panel_->rect().contains(position.toPoint())) return std::nullopt;
  const double y = left_axis(panel_)->pixelToCoord(position.y());
  for (size_t i = 0; i < places_.size(); ++i) {
    if (std::fabs(place(i) - y) <= 0.5) return hit_of(i);
  }
  return std::nullopt;
}

Hit PerplexityPlot::hit_of(size_t i) const {
  const PerplexityRow& row = data_.rows[i];
  Hit hit;
  hit.selection = selection();
  hit.panel = panel_;
  hit.position = {bottom_axis(panel_)->coordToPixel(row.perplexity), left_axis(panel_)->coordToPixel(place(i))};
  QStringList parts{row.state, tr("perplexity %1 on “%2”").arg(number(row.perplexity, 5), row.text),
                    tr("%1 tokens").arg(grouped(static_cast<qint64>(row.tokens)))};
  if (std::isfinite(row.full_precision)) parts << tr("full precision %1").arg(number(row.full_precision, 5));
  hit.text = parts.join(QStringLiteral(" · "));
  return hit;
}

std::unique_ptr<Plot> PerplexityPlot::copy() const {
  auto plot = std::make_unique<PerplexityPlot>();
  plot->data_ = data_;
  plot->logarithmic_ = logarithmic_;
  return plot;
}

double PerplexityPlot::height_to_width() const { return std::clamp(0.16 + 0.033 * static_cast<double>(data_.rows.size()), 0.3, 1.6); }

FigureTable PerplexityPlot::table() const {
  FigureTable table;
  table.columns = {tr("text"), tr("state"), tr("perplexity"), tr("nll"), tr("tokens"), tr("full precision"), tr("station")};
  for (const PerplexityRow& row : data_.rows) {
    table.rows.push_back(
        {row.text, row.state, exact(row.perplexity), exact(row.nll), QString::number(row.tokens), exact(row.full_precision), row.station});
  }
  return table;
}

QString PerplexityPlot::caption() const {
  const QString text =
      tr("Perplexity, exp of the mean negative log-likelihood of all predicted tokens; hollow: the same weights at full precision "
         "on the same text.");
  return data_.facts.isEmpty() ? text : text + QLatin1Char(' ') + data_.facts;
}

}  // namespace rolora::widgets
