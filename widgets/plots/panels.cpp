// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/plots/panels.h"

#include <QFontMetricsF>
#include <cmath>
#include <limits>
#include <numeric>

#include "widgets/plots/log_ticker.h"

namespace rolora::widgets {
namespace {

void style_axis(QCPAxis* axis, const PlotStyle& style) {
  axis->setLayer(QStringLiteral("axes"));
  axis->grid()->setLayer(QStringLiteral("grid"));
  const QPen line(style.axis, style.axis_width);
  axis->setBasePen(line);
  axis->setTickPen(line);
  axis->setSubTickPen(QPen(style.axis, style.axis_width * 0.7));
  axis->setTickLabelFont(style.tick_font);
  axis->setTickLabelColor(style.text);
  axis->setLabelFont(style.label_font);
  axis->setLabelColor(style.text);
  axis->setTickLengthIn(0);
  axis->setTickLengthOut(static_cast<int>(std::ceil(style.spacing * 0.6)));
  axis->setSubTickLengthIn(0);
  axis->setSubTickLengthOut(static_cast<int>(std::ceil(style.spacing * 0.3)));
  axis->setTickLabelPadding(static_cast<int>(std::ceil(style.spacing * 0.5)));
  axis->setLabelPadding(static_cast<int>(std::ceil(style.spacing * 0.6)));
  axis->grid()->setPen(QPen(style.grid, style.grid_width));
  axis->grid()->setZeroLinePen(QPen(style.grid, style.grid_width));
  axis->grid()->setSubGridVisible(false);
}

/// Lines of text above a panel.
class PanelHead : public QCPAbstractItem {
 public:
  PanelHead(QCPAxisRect* panel, std::vector<HeadLine> lines, double distance)
      : QCPAbstractItem(panel->parentPlot()), panel_(panel), lines_(std::move(lines)), distance_(distance) {
    setSelectable(false);
    setClipToAxisRect(false);
  }
  double selectTest(const QPointF&, bool, QVariant*) const override { return -1; }

 protected:
  void draw(QCPPainter* painter) override {
    if (panel_ == nullptr) return;
    double height = 0;
    for (const HeadLine& line : lines_) height += QFontMetricsF(line.font).height();
    double y = panel_->rect().top() - distance_ - height;
    for (const HeadLine& line : lines_) {
      const QFontMetricsF metrics(line.font);
      const double room = panel_->parentPlot()->viewport().right() - panel_->rect().left();
      painter->setFont(line.font);
      painter->setPen(line.colour);
      painter->drawText(QPointF(panel_->rect().left(), y + metrics.ascent()), metrics.elidedText(line.text, Qt::ElideMiddle, room));
      y += metrics.height();
    }
  }

 private:
  QPointer<QCPAxisRect> panel_;
  std::vector<HeadLine> lines_;
  double distance_;
};

}  // namespace

QCPAxisRect* make_panel(QCustomPlot* plot, const PlotStyle& style) {
  auto* panel = new QCPAxisRect(plot, true);
  for (QCPAxis* axis : panel->axes()) style_axis(axis, style);
  panel->setMinimumMargins(QMargins(0, 0, static_cast<int>(std::ceil(style.spacing)), 0));  // half of the last tick's label
  const auto least = static_cast<int>(std::ceil(QFontMetricsF(style.tick_font).height() * 2));
  panel->setMinimumSize(least, least);  // the library's 50 pixels are a third of a paper's column
  return panel;
}

QCPAxis* bottom_axis(QCPAxisRect* panel) { return panel->axis(QCPAxis::atBottom); }
QCPAxis* left_axis(QCPAxisRect* panel) { return panel->axis(QCPAxis::atLeft); }

void set_scale(QCPAxis* axis, bool logarithmic, bool prefixes) {
  axis->setScaleType(logarithmic ? QCPAxis::stLogarithmic : QCPAxis::stLinear);
  if (logarithmic) {
    axis->setTicker(QSharedPointer<LogTicker>::create(prefixes ? LogTicker::Labels::si : LogTicker::Labels::numbers));
  } else {
    axis->setTicker(QSharedPointer<NumberTicker>::create());
  }
}

void set_whole_ticks(QCPAxis* axis) {
  axis->setScaleType(QCPAxis::stLinear);
  axis->setTicker(QSharedPointer<IndexTicker>::create());
}

QCPRange padded_range(const std::vector<double>& values, bool logarithmic, double padding) {
  double low = std::numeric_limits<double>::infinity(), high = -low;
  for (const double v : values) {
    if (!std::isfinite(v) || (logarithmic && v <= 0)) continue;
    low = std::min(low, v);
    high = std::max(high, v);
  }
  if (low > high) return logarithmic ? QCPRange(0.1, 10) : QCPRange(0, 1);
  if (logarithmic) {
    const double room = std::max(std::pow(high / low, padding), 1.15);
    return {low / room, high * room};
  }
  const double span = high - low, room = span > 0 ? span * padding : std::max(std::fabs(high) * 0.05, 0.5);
  return {low - room, high + room};
}

void EvenGrid::updateLayout() {
  std::vector<int> beside(static_cast<size_t>(columnCount())), above(static_cast<size_t>(rowCount()));
  for (int row = 0; row < rowCount(); ++row) {
    for (int column = 0; column < columnCount(); ++column) {
      if (!hasElement(row, column)) continue;
      const QMargins m = element(row, column)->margins();  // known by now: the layout's last phase
      int &wide = beside[static_cast<size_t>(column)], &tall = above[static_cast<size_t>(row)];
      wide = std::max(wide, m.left() + m.right());
      tall = std::max(tall, m.top() + m.bottom());
    }
  }
  const auto share = [](int room, int gap, const std::vector<int>& margins) {
    const auto n = static_cast<double>(margins.size());
    return std::max(1.0, std::floor((room - gap * (n - 1) - std::accumulate(margins.begin(), margins.end(), 0)) / n));
  };
  if (columnCount() < 1 || rowCount() < 1) return;
  const double width = share(rect().width(), columnSpacing(), beside), height = share(rect().height(), rowSpacing(), above);
  for (size_t i = 0; i < beside.size(); ++i) setColumnStretchFactor(static_cast<int>(i), width + beside[i]);
  for (size_t i = 0; i < above.size(); ++i) setRowStretchFactor(static_cast<int>(i), height + above[i]);
  QCPLayoutGrid::updateLayout();
}

void set_head(QCPAxisRect* panel, const std::vector<HeadLine>& lines) {
  double height = 0;
  for (const HeadLine& line : lines) height += QFontMetricsF(line.font).height();
  QMargins margins = panel->minimumMargins();
  const int distance = std::max(2, static_cast<int>(height * 0.12));
  margins.setTop(static_cast<int>(std::ceil(height)) + distance + 1);
  panel->setMinimumMargins(margins);
  new PanelHead(panel, lines, distance);
}

QColor warning_colour(const PlotStyle& style) {
  return style.background.lightness() > 128 ? QColor(0xb3, 0x26, 0x1e) : QColor(0xff, 0x8a, 0x80);
}

QColor blended(const QColor& colour, const QColor& ground, double share) {
  const auto mix = [share](int a, int b) { return static_cast<int>(std::lround(a * share + b * (1 - share))); };
  return {mix(colour.red(), ground.red()), mix(colour.green(), ground.green()), mix(colour.blue(), ground.blue())};
}

LegendBar::LegendBar(QCustomPlot* plot, const PlotStyle& style, std::vector<LegendEntry> entries)
    : QCPLayoutElement(plot), entries_(std::move(entries)), font_(style.tick_font), colour_(style.text) {
  icon_ = QFontMetricsF(font_).averageCharWidth() * 3.5;
  gap_ = style.spacing;
  setMargins(QMargins(0, 0, 0, static_cast<int>(std::ceil(style.spacing * 0.5))));
}

double LegendBar::room() const {
  const QMargins layout = mParentPlot->plotLayout()->margins();
  return mParentPlot->viewport().width() - layout.left() - layout.right() - mMargins.left() - mMargins.right();
}

std::vector<LegendBar::Place> LegendBar::places(double width, double* height) const {
  std::vector<Place> result;
  double x = 0, y = 0;
  for (const LegendEntry& entry : entries_) {
    QFont font = font_;
    font.setBold(entry.strong);
    const QFontMetricsF metrics(font);
    const bool drawn = entry.look.width > 0 || entry.look.marker != Marker::none || entry.look.fill.isValid();
    const double icon = drawn ? icon_ : 0, away = drawn ? icon_ + gap_ * 0.6 : 0;
    const double needed = away + metrics.horizontalAdvance(entry.text);
    if (x > 0 && x + needed > width) {
      x = 0;
      y += metrics.height() * 1.15;
    }
    result.push_back({QRectF(x, y, icon, metrics.height()), QPointF(x + away, y + metrics.ascent())});
    x += needed + gap_ * 2.2;
  }
  *height = entries_.empty() ? 0 : y + QFontMetricsF(font_).height();
  return result;
}

QSize LegendBar::minimumOuterSizeHint() const {
  double height = 0;
  places(room(), &height);
  return {0, static_cast<int>(std::ceil(height)) + mMargins.top() + mMargins.bottom()};
}

QSize LegendBar::maximumOuterSizeHint() const { return {QWIDGETSIZE_MAX, minimumOuterSizeHint().height()}; }

void LegendBar::draw(QCPPainter* painter) {
  double height = 0;
  const std::vector<Place> all = places(room(), &height);
  const QPointF corner = mRect.topLeft();
  for (size_t i = 0; i < all.size(); ++i) {
    painter->setAntialiasing(true);
    if (all[i].icon.width() > 0) draw_icon(*painter, entries_[i].look, all[i].icon.translated(corner));
    QFont font = font_;
    font.setBold(entries_[i].strong);
    painter->setFont(font);
    painter->setPen(colour_);
    painter->drawText(all[i].text + corner, entries_[i].text);
  }
}

}  // namespace rolora::widgets
