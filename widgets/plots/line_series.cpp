// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/plots/line_series.h"

#include <QPainter>
#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

namespace rolora::widgets {
namespace {

QCPRange range_of(const std::vector<double>& values, QCP::SignDomain domain, bool& found) {
  QCPRange range(std::numeric_limits<double>::infinity(), -std::numeric_limits<double>::infinity());
  for (const double v : values) {
    if (!std::isfinite(v) || (domain == QCP::sdPositive && v <= 0) || (domain == QCP::sdNegative && v >= 0)) continue;
    range.lower = std::min(range.lower, v);
    range.upper = std::max(range.upper, v);
  }
  found = range.lower <= range.upper;
  return found ? range : QCPRange();
}

// Pixels stay within what painters compute exactly, far outside of any panel.
double within_reach(double pixel) { return std::clamp(pixel, -1e6, 1e6); }

// Pixels along an axis without its virtual calls, for a million points.
class PixelOf {
 public:
  explicit PixelOf(const QCPAxis& axis)
      : log_(axis.scaleType() == QCPAxis::stLogarithmic),
        start_(axis.coordToPixel(axis.range().lower)),
        lower_(log_ ? std::log(axis.range().lower) : axis.range().lower),
        slope_((axis.coordToPixel(axis.range().upper) - start_) / ((log_ ? std::log(axis.range().upper) : axis.range().upper) - lower_)) {}
  double operator()(double key) const { return start_ + slope_ * ((log_ ? std::log(key) : key) - lower_); }

 private:
  bool log_;
  double start_, lower_, slope_;
};

constexpr std::ptrdiff_t kThinnedFrom = 2000;

/// What an axis rect shows. The library's axes begin at its last row and end one above its first, where a plottable's own clip has ended.
QRect shown_by(const QCPAxisRect& panel) { return panel.rect().translated(0, -1); }

/// Lines without gaps, cut to the panel.
std::vector<QPolygonF> lines_inside(const QVector<QPointF>& points, const QRectF& panel) {
  std::vector<QPolygonF> lines;
  bool drawing = false;
  for (qsizetype i = 1; i < points.size(); ++i) {
    QPointF from = points[i - 1], to = points[i];
    if (std::isnan(from.y()) || std::isnan(to.y()) || !cut_line(panel, from, to)) {
      drawing = false;
      continue;
    }
    if (!drawing || lines.back().last() != from) lines.push_back(QPolygonF() << from);
    lines.back() << to;
    drawing = true;
  }
  return lines;
}

/// In pieces: the outline of one long line that crosses itself everywhere takes the painter a hundred times as long. Dashes go on from
/// piece to piece.
void draw_line_in_pieces(QPainter& painter, const QPolygonF& line, QPen pen) {
  constexpr qsizetype kPiece = 64;
  double offset = pen.dashOffset();
  for (qsizetype begin = 0; begin + 1 < line.size(); begin += kPiece) {
    const qsizetype count = std::min(kPiece + 1, line.size() - begin);
    if (pen.style() != Qt::SolidLine) pen.setDashOffset(offset);
    painter.setPen(pen);
    painter.drawPolyline(line.constData() + begin, static_cast<int>(count));
    for (qsizetype i = begin + 1; i < begin + count && pen.style() != Qt::SolidLine; ++i) {
      offset += std::hypot(line[i].x() - line[i - 1].x(), line[i].y() - line[i - 1].y()) / std::max(1.0, pen.widthF());
    }
  }
}

}  // namespace

bool cut_line(const QRectF& rect, QPointF& from, QPointF& to) {
  const QPointF d = to - from;
  double enter = 0, leave = 1;
  const double p[4] = {-d.x(), d.x(), -d.y(), d.y()};
  const double q[4] = {from.x() - rect.left(), rect.right() - from.x(), from.y() - rect.top(), rect.bottom() - from.y()};
  for (int side = 0; side < 4; ++side) {
    if (p[side] == 0) {
      if (q[side] < 0) return false;
      continue;
    }
    const double t = q[side] / p[side];
    if (p[side] < 0) {
      enter = std::max(enter, t);
    } else {
      leave = std::min(leave, t);
    }
  }
  if (enter > leave) return false;
  const QPointF start = from;
  if (leave < 1) to = start + leave * d;
  if (enter > 0) from = start + enter * d;
  return true;
}

LineSeries::LineSeries(QCPAxis* key, QCPAxis* value, const LineLook& look) : QCPAbstractPlottable(key, value), look_(look) {
  setSelectable(QCP::stNone);
  setPen(look.pen());
}

void LineSeries::set_points(std::vector<double> keys, std::vector<double> values) {
  keys_ = std::move(keys);
  values_ = std::move(values);
  values_.resize(keys_.size(), std::numeric_limits<double>::quiet_NaN());
}

double LineSeries::selectTest(const QPointF&, bool, QVariant*) const { return -1; }

QCPRange LineSeries::getKeyRange(bool& found, QCP::SignDomain domain) const { return range_of(keys_, domain, found); }

QCPRange LineSeries::getValueRange(bool& found, QCP::SignDomain domain, const QCPRange& keys) const {
  if (keys == QCPRange()) return range_of(values_, domain, found);
  std::vector<double> inside;
  for (size_t i = 0; i < keys_.size(); ++i) {
    if (keys.contains(keys_[i])) inside.push_back(values_[i]);
  }
  return range_of(inside, domain, found);
}

QVector<QPointF> LineSeries::visible_pixels() const {
  const QCPRange range = mKeyAxis->range();
  auto begin = std::lower_bound(keys_.begin(), keys_.end(), range.lower);
  auto end = std::upper_bound(begin, keys_.end(), range.upper);
  if (begin != keys_.begin()) --begin;
  if (end != keys_.end()) ++end;
  const size_t from = static_cast<size_t>(begin - keys_.begin()), to = static_cast<size_t>(end - keys_.begin());
  const bool log = mValueAxis->scaleType() == QCPAxis::stLogarithmic, linear_keys = mKeyAxis->scaleType() == QCPAxis::stLinear;
  const auto shown = [&](size_t at) { return std::isfinite(values_[at]) && (!log || values_[at] > 0) && (keys_[at] > 0 || linear_keys); };
  QVector<QPointF> points;
  const auto add = [&](size_t at) {
    const double y = shown(at) ? within_reach(mValueAxis->coordToPixel(values_[at])) : std::numeric_limits<double>::quiet_NaN();
    points.append({within_reach(mKeyAxis->coordToPixel(keys_[at])), y});
  };
  if (end - begin < kThinnedFrom) {
    for (size_t at = from; at < to; ++at) add(at);
    return points;
  }
  // First, least, largest and last of the points that fall on one pixel: nothing that sticks out is lost.
  const PixelOf x_of(*mKeyAxis);
  const auto column_of = [&](size_t at) { return static_cast<qint64>(std::clamp(x_of(keys_[at]), -1e9, 1e9)); };
  for (size_t at = from; at < to;) {
    size_t stop = at + 1;
    if (!shown(at)) {
      if (points.isEmpty() || !std::isnan(points.last().y())) add(at);
      at = stop;
      continue;
    }
    size_t least = at, largest = at;
    for (const qint64 column = column_of(at); stop < to && shown(stop) && column_of(stop) == column; ++stop) {
      if (values_[stop] < values_[least]) least = stop;
      if (values_[stop] > values_[largest]) largest = stop;
    }
    const std::array kept = {at, std::min(least, largest), std::max(least, largest), stop - 1};
    for (size_t i = 0; i < kept.size(); ++i) {
      if (i == 0 || kept[i] > kept[i - 1]) add(kept[i]);
    }
    at = stop;
  }
  return points;
}

void LineSeries::draw(QCPPainter* painter) {
  if (mKeyAxis == nullptr || mValueAxis == nullptr || keys_.empty()) return;
  const QRectF panel = shown_by(*mKeyAxis->axisRect());
  if (look_.width > 0) {
    applyDefaultAntialiasingHint(painter);
    painter->setBrush(Qt::NoBrush);
    for (const QPolygonF& line : lines_inside(visible_pixels(), panel)) draw_line_in_pieces(*painter, line, look_.pen());
  }
  draw_markers(painter, panel);
}

void LineSeries::draw_markers(QCPPainter* painter, const QRectF& panel) const {
  if (look_.marker == Marker::none) return;
  applyScattersAntialiasingHint(painter);
  painter->setAntialiasing(true);
  double next = -std::numeric_limits<double>::infinity();
  // Where markers would cover each other only some are drawn; the line shows the rest.
  const double least = look_.marker_distance > 0 ? look_.marker_distance : (look_.width > 0 ? look_.marker_size * 1.1 : 0);
  for (const QPointF& point : visible_pixels()) {
    if (std::isnan(point.y()) || !panel.adjusted(-0.5, -0.5, 0.5, 0.5).contains(point) || point.x() < next) continue;
    draw_marker(*painter, look_, point);
    next = point.x() + least;
  }
}

QRect LineSeries::clipRect() const { return shown_by(*mKeyAxis->axisRect()) | mKeyAxis->axisRect()->rect(); }

void LineSeries::drawLegendIcon(QCPPainter* painter, const QRectF& rect) const { draw_icon(*painter, look_, rect); }

StepSeries::StepSeries(QCPAxis* key, QCPAxis* value, const LineLook& look) : QCPAbstractPlottable(key, value), look_(look) {
  setSelectable(QCP::stNone);
}

void StepSeries::set_steps(std::vector<double> edges, std::vector<double> heights, double base) {
  edges_ = std::move(edges);
  heights_ = std::move(heights);
  base_ = base;
}

double StepSeries::selectTest(const QPointF&, bool, QVariant*) const { return -1; }

QCPRange StepSeries::getKeyRange(bool& found, QCP::SignDomain domain) const { return range_of(edges_, domain, found); }

QCPRange StepSeries::getValueRange(bool& found, QCP::SignDomain domain, const QCPRange&) const { return range_of(heights_, domain, found); }

void StepSeries::draw(QCPPainter* painter) {
  if (mKeyAxis == nullptr || mValueAxis == nullptr || heights_.empty()) return;
  const QRectF panel = shown_by(*mKeyAxis->axisRect());
  const auto x_of = [&](double key) { return std::clamp(mKeyAxis->coordToPixel(key), panel.left(), panel.right()); };
  const auto y_of = [&](double value) { return std::clamp(mValueAxis->coordToPixel(value), panel.top(), panel.bottom()); };
  const bool log = mValueAxis->scaleType() == QCPAxis::stLogarithmic;
  const double floor = log && base_ <= 0 ? panel.bottom() : y_of(base_);
  painter->setAntialiasing(true);
  for (size_t i = 0; i < heights_.size();) {
    const auto shown = [&](size_t bin) {
      return heights_[bin] > base_ && mKeyAxis->coordToPixel(edges_[bin + 1]) > panel.left() &&
             mKeyAxis->coordToPixel(edges_[bin]) < panel.right();
    };
    if (!shown(i)) {
      ++i;
      continue;
    }
    QPolygonF outline;
    outline << QPointF(x_of(edges_[i]), floor);
    for (; i < heights_.size() && shown(i); ++i) {
      const double y = y_of(heights_[i]);
      outline << QPointF(x_of(edges_[i]), y) << QPointF(x_of(edges_[i + 1]), y);
    }
    outline << QPointF(outline.last().x(), floor);
    if (look_.fill.isValid()) {
      painter->setPen(Qt::NoPen);
      painter->setBrush(look_.fill);
      painter->drawPolygon(outline);
    }
    // Where the panel cuts the steps there is no edge to draw.
    if (outline.first().x() <= panel.left()) outline.removeFirst();
    if (outline.last().x() >= panel.right()) outline.removeLast();
    painter->setBrush(Qt::NoBrush);
    painter->setPen(look_.pen());
    painter->drawPolyline(outline);
  }
}

void StepSeries::drawLegendIcon(QCPPainter* painter, const QRectF& rect) const { draw_icon(*painter, look_, rect); }

}  // namespace rolora::widgets
