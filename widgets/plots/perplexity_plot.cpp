// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/plots/perplexity_plot.h"

#include <algorithm>
#include <cmath>

#include "widgets/base/format.h"
#include "widgets/plots/line_series.h"
#include "widgets/plots/panels.h"

namespace rolora::widgets {
namespace {

constexpr double kGapOfTexts = 1.4, kAround = 0.8;  // in rows

/// A text beside points from `low` to `high` of a row.
struct RowText {
  double low = 0, high = 0, row = 0;
  QString text;
};

/// Names of the texts over their rows, left of the panel, and the values at the points.
class RowTexts : public QCPAbstractItem {
 public:
  using Texts = std::vector<RowText>;
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
    for (const RowText& t : texts_) {
      const double low = bottom_axis(panel_)->coordToPixel(t.low), high = bottom_axis(panel_)->coordToPixel(t.high),
                   y = left_axis(panel_)->coordToPixel(t.row);
      if (!rect.contains(QPointF(high, y))) continue;
      const double wide = metrics.horizontalAdvance(t.text), away = style_.marker_size / 2 + style_.spacing * 0.7;
      const double left = high + away + wide > rect.right() ? low - away - wide : high + away;
      painter->drawText(QPointF(left, y + metrics.ascent() / 2 - metrics.descent() / 2), t.text);
    }
    draw_heads(painter, rect);
  }

 private:
  void draw_heads(QCPPainter* painter, const QRectF& rect) const {
    QFont bold = style_.tick_font;
    bold.setBold(true);
    const QFontMetricsF metrics(bold);
    painter->setFont(bold);
    for (const RowText& head : heads_) {
      const double y = left_axis(panel_)->coordToPixel(head.row);
      if (y < rect.top() || y > rect.bottom()) continue;
      const double right = rect.left() - left_axis(panel_)->tickLabelPadding();
      painter->drawText(QPointF(right - metrics.horizontalAdvance(head.text), y + metrics.ascent() / 2 - metrics.descent() / 2), head.text);
    }
  }
  QPointer<QCPAxisRect> panel_;
  PlotStyle style_;
  Texts texts_, heads_;
};

}  // namespace

PerplexityPlot::PerplexityPlot(QWidget* parent) : DataPlot(parent) {
  set_title(tr("Perplexity by state"));
  set_empty_text(
      tr("Open a run that evaluates models, or add Evaluate stations to a recipe and run it: the perplexity of each state at each "
         "precision stands here."));
}

void PerplexityPlot::prepare() {
  QStringList texts;
  for (const PerplexityRow& row : data_.rows) {
    if (!texts.contains(row.text)) texts << row.text;
  }
  // By text, then as a story goes: plain, folded, rotated, and the same after tuning; what was rounded stands below its own model.
  const auto place_of = [&](const PerplexityRow& row) { return std::pair(texts.indexOf(row.text), state_order(row.state)); };
  std::stable_sort(data_.rows.begin(), data_.rows.end(),
                   [&](const PerplexityRow& x, const PerplexityRow& y) { return place_of(x) < place_of(y); });
  places_.clear();
  double next = 0;
  for (size_t i = 0; i < data_.rows.size(); ++i) {
    if (i == 0 || data_.rows[i].text != data_.rows[i - 1].text) next += i == 0 ? 1 : kGapOfTexts;  // the text's name stands there
    places_.push_back(next);
    next += 1;
  }
  updateGeometry();
}

void PerplexityPlot::toggle_log() { set_form({!form_.logarithmic}); }

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
  set_scale(x, form_.logarithmic);
  if (style.paper && viewport().width() < QFontMetricsF(style.tick_font).horizontalAdvance(QStringLiteral("0000")) * 16)
    x->ticker()->setTickCount(3);
  x->setLabel(tr("Perplexity"));
  auto names = QSharedPointer<QCPAxisTickerText>::create();
  RowTexts::Texts numbers, heads;
  for (size_t i = 0; i < data_.rows.size(); ++i) {
    const PerplexityRow& row = data_.rows[i];
    if (i == 0 || row.text != data_.rows[i - 1].text) heads.push_back({0, 0, place(i) + 1, tr("on “%1”").arg(row.text)});
    names->addTick(place(i), row.state);
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
    const auto [low, high] = std::minmax(row.perplexity, std::isfinite(row.full_precision) ? row.full_precision : row.perplexity);
    numbers.push_back({low, high, place(i), number(row.perplexity, 4)});
  }
  y->setTicker(names);
  y->setTickLength(0, 0);
  y->setTickPen(Qt::NoPen);
  y->setSubTicks(false);
  y->grid()->setVisible(false);
  new RowTexts(panel_, style, std::move(numbers), std::move(heads));
}

void PerplexityPlot::set_full_ranges() {
  std::vector<double> values;
  for (const PerplexityRow& row : data_.rows) {
    values.push_back(row.perplexity);
    values.push_back(row.full_precision);
  }
  QCPRange range = padded_range(values, form_.logarithmic, 0.06);
  if (!form_.logarithmic) range.lower = 0;
  range.upper = form_.logarithmic ? range.upper * std::pow(range.upper / range.lower, 0.1) : range.upper * 1.1;  // room for the last number
  bottom_axis(panel_)->setRange(range);
  left_axis(panel_)->setRange(-places_.back() - kAround, kAround);
}

std::optional<Hit> PerplexityPlot::hit(QPointF position) const {
  if (panel_ == nullptr || !panel_->rect().contains(position.toPoint())) return std::nullopt;
  const double y = left_axis(panel_)->pixelToCoord(position.y());
  for (size_t i = 0; i < places_.size(); ++i) {
    if (std::fabs(place(i) - y) <= 0.5) return hit_of(i);
  }
  return std::nullopt;
}

void PerplexityPlot::chosen(const Hit& hit) {
  for (size_t i = 0; i < places_.size(); ++i) {
    if (hit_of(i).text == hit.text) chosen_ = data_.rows[i].station;
  }
}

std::optional<size_t> PerplexityPlot::chosen_row() const {
  for (size_t i = 0; i < places_.size() && !chosen_.isEmpty(); ++i) {
    if (data_.rows[i].station == chosen_) return i;
  }
  return std::nullopt;
}

std::optional<Hit> PerplexityPlot::hit_of_selection() const {
  const auto row = chosen_row();
  return row && panel_ != nullptr ? std::optional(hit_of(*row)) : std::nullopt;
}

std::optional<Hit> PerplexityPlot::stepped(int, int dy, bool) const {
  if (panel_ == nullptr || places_.empty()) return std::nullopt;
  const auto row = chosen_row();
  if (!row) return hit_of(0);
  const auto next = static_cast<int64_t>(*row) + dy;
  if (dy == 0 || next < 0 || next >= static_cast<int64_t>(places_.size())) return std::nullopt;
  return hit_of(static_cast<size_t>(next));
}

QString PerplexityPlot::sentence() const {
  if (!has_data() || hit_of_selection()) return Plot::sentence();
  QStringList lowest;
  for (size_t i = 0; i < data_.rows.size(); ++i) {
    const PerplexityRow& row = data_.rows[i];
    const bool least = std::all_of(data_.rows.begin(), data_.rows.end(), [&row](const PerplexityRow& other) {
      return other.text != row.text || !(other.perplexity < row.perplexity);
    });
    if (least) lowest << tr("lowest on “%1”: %2 of %3").arg(row.text, number(row.perplexity, 4), row.state);
  }
  return title() + QStringLiteral(" · ") + lowest.join(QStringLiteral(" · "));
}

Hit PerplexityPlot::hit_of(size_t i) const {
  const PerplexityRow& row = data_.rows[i];
  Hit hit;
  hit.selection = selection();
  hit.panel = panel_;
  hit.position = {bottom_axis(panel_)->coordToPixel(row.perplexity), left_axis(panel_)->coordToPixel(place(i))};
  QStringList parts{row.state, tr("perplexity %1 on “%2”").arg(number(row.perplexity, 4), row.text),
                    tr("%1 tokens").arg(grouped(static_cast<qint64>(row.tokens)))};
  if (std::isfinite(row.full_precision)) parts << tr("full precision %1").arg(number(row.full_precision, 4));
  hit.text = parts.join(QStringLiteral(" · "));
  return hit;
}

double PerplexityPlot::lines() const { return places_.empty() ? 0 : places_.back() + kAround * 2; }

double PerplexityPlot::height_to_width() const { return std::clamp(0.2 + 0.033 * lines(), 0.3, 1.6); }

QSize PerplexityPlot::minimumSizeHint() const {
  const QFontMetricsF tick(style().tick_font), label(style().label_font);
  const double axes = label.height() * 3 + tick.height() * 2;  // legend, numbers and the axis' title with the air around them
  return {static_cast<int>(tick.averageCharWidth() * 60), static_cast<int>(std::ceil(axes + lines() * tick.ascent()))};
}

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
