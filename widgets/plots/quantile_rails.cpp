// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/plots/quantile_rails.h"

#include <QFontMetricsF>
#include <algorithm>
#include <cmath>
#include <numeric>

#include "widgets/plots/panels.h"

namespace rolora::widgets {

// With every label moved left by the widths before it, "no overlap" becomes "not descending", and the nearest such sequence is found by
// pooling neighbours that violate it (isotonic regression).
std::vector<double> spread_labels(const std::vector<double>& wanted, const std::vector<double>& widths, double left, double right,
                                  double gap) {
  const double needed = std::accumulate(widths.begin(), widths.end(), 0.0) + gap * std::max(0.0, static_cast<double>(widths.size()) - 1);
  if (wanted.empty() || needed > right - left) return {};
  struct Pool {
    double sum;
    int count;
    double mean() const { return sum / count; }
  };
  std::vector<Pool> pools;
  std::vector<double> offset(wanted.size());
  for (size_t i = 0; i < wanted.size(); ++i) {
    offset[i] = i == 0 ? 0 : offset[i - 1] + (widths[i - 1] + widths[i]) / 2 + gap;
    pools.push_back({wanted[i] - offset[i], 1});
    while (pools.size() > 1 && pools[pools.size() - 2].mean() > pools.back().mean()) {
      const Pool last = pools.back();
      pools.pop_back();
      pools.back().sum += last.sum;
      pools.back().count += last.count;
    }
  }
  const double lowest = left + widths.front() / 2, highest = right - widths.back() / 2 - offset.back();
  std::vector<double> centres;
  for (const Pool& pool : pools) {
    for (int i = 0; i < pool.count; ++i) centres.push_back(std::clamp(pool.mean(), lowest, highest) + offset[centres.size()]);
  }
  return centres;
}

QuantileRails::QuantileRails(QCPAxisRect* panel, const PlotStyle& style, std::vector<Rail> rails)
    : QCPAbstractItem(panel->parentPlot()), panel_(panel), style_(style), rails_(std::move(rails)) {
  setSelectable(false);
  setClipToAxisRect(false);
  QMargins margins = panel->minimumMargins();
  margins.setTop(static_cast<int>(std::ceil(rail_height() * static_cast<double>(rails_.size()) + style.spacing)));
  panel->setMinimumMargins(margins);
}

double QuantileRails::rail_height() const { return QFontMetricsF(style_.tick_font).height() * 2 + style_.spacing * 2.4; }

void QuantileRails::draw(QCPPainter* painter) {
  if (panel_ == nullptr) return;
  painter->setAntialiasing(true);
  double top = panel_->rect().top() - rail_height() * static_cast<double>(rails_.size());
  for (const Rail& rail : rails_) {
    draw_rail(painter, rail, top);
    top += rail_height();
  }
}

double QuantileRails::draw_name(QCPPainter* painter, const Rail& rail, double top) const {
  QFont bold = style_.tick_font;
  bold.setBold(true);
  const QFontMetricsF strong(bold), plain(style_.tick_font);
  const double left = panel_->rect().left(), icon = plain.averageCharWidth() * 2.5;
  LineLook look = rail.look;
  draw_icon(*painter, look, QRectF(left, top, icon, strong.height()));
  painter->setFont(bold);
  painter->setPen(style_.text);
  painter->drawText(QPointF(left + icon + style_.spacing * 0.6, top + strong.ascent()), rail.name);
  painter->setFont(style_.tick_font);
  painter->setPen(style_.faint_text);
  painter->drawText(QPointF(left, top + strong.height() + plain.ascent()), rail.remark);
  return std::max(left + icon + style_.spacing * 0.6 + strong.horizontalAdvance(rail.name), left + plain.horizontalAdvance(rail.remark)) +
         style_.spacing * 2;
}

void QuantileRails::draw_rail(QCPPainter* painter, const Rail& rail, double top) const {
  const QCPAxis* axis = bottom_axis(panel_);
  const QRectF inside = panel_->rect();
  std::vector<RailMark> marks;
  double first = inside.right(), last = inside.left();
  for (const RailMark& mark : rail.marks) {
    const double x = axis->coordToPixel(mark.value);
    if (!(mark.value > 0) || !std::isfinite(x)) continue;
    first = std::min(first, std::clamp(x, inside.left(), inside.right()));
    last = std::max(last, std::clamp(x, inside.left(), inside.right()));
    if (x >= inside.left() - 0.5 && x <= inside.right() + 0.5) marks.push_back(mark);
  }
  const double y = top + rail_height() - style_.spacing * 0.6;
  if (first < last) {
    LineLook line = rail.look;
    painter->setPen(line.pen());
    painter->drawLine(QPointF(first, y), QPointF(last, y));
  }
  const double left = draw_name(painter, rail, top);
  draw_labels(painter, rail, std::move(marks), left, top);
}

void QuantileRails::draw_labels(QCPPainter* painter, const Rail& rail, std::vector<RailMark> marks, double left, double top) const {
  const QCPAxis* axis = bottom_axis(panel_);
  const QFontMetricsF metrics(style_.tick_font);
  const double right = panel_->parentPlot()->viewport().right() - style_.spacing * 0.5;
  const double y = top + rail_height() - style_.spacing * 0.6, under = top + metrics.height() * 2 + style_.spacing * 0.2;
  const double tick = style_.spacing * 0.55;
  std::vector<double> wanted, widths, centres;
  for (size_t dropped = 0; dropped <= marks.size(); ++dropped) {
    wanted.clear();
    widths.clear();
    for (size_t i = dropped; i < marks.size(); ++i) {
      wanted.push_back(axis->coordToPixel(marks[i].value));
      widths.push_back(std::max(metrics.horizontalAdvance(marks[i].name), metrics.horizontalAdvance(marks[i].text)));
    }
    centres = spread_labels(wanted, widths, left, right, metrics.averageCharWidth() * 1.2);
    if (!centres.empty() || dropped == marks.size()) {
      marks.erase(marks.begin(), marks.begin() + static_cast<std::ptrdiff_t>(dropped));
      break;
    }
  }
  for (size_t i = 0; i < centres.size() && i < marks.size(); ++i) {
    painter->setPen(QPen(rail.look.colour, style_.axis_width));
    painter->drawLine(QPointF(wanted[i], y - tick), QPointF(wanted[i], y + tick));
    painter->setPen(QPen(style_.faint_text, style_.grid_width));
    painter->drawLine(QPointF(centres[i], under), QPointF(wanted[i], y - tick));
    painter->setFont(style_.tick_font);
    painter->setPen(style_.faint_text);
    painter->drawText(QPointF(centres[i] - metrics.horizontalAdvance(marks[i].name) / 2, top + metrics.ascent()), marks[i].name);
    painter->setPen(style_.text);
    painter->drawText(QPointF(centres[i] - metrics.horizontalAdvance(marks[i].text) / 2, top + metrics.height() + metrics.ascent()),
                      marks[i].text);
  }
}

}  // namespace rolora::widgets
