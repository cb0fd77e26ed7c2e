// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/jobs/loss_line.h"

#include <QFontMetricsF>
#include <QPainter>
#include <QPainterPath>
#include <algorithm>

#include "widgets/base/format.h"
#include "widgets/base/theme.h"

namespace rolora::widgets {

LossLine::LossLine(QWidget* parent) : QWidget(parent) {
  setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
  setAccessibleName(tr("Loss of the training"));
  setToolTip(tr("Mean loss (nats a token) of each step of the last training of this run"));
}

QSize LossLine::sizeHint() const {
  const QFontMetricsF metrics(font());
  return {static_cast<int>(metrics.averageCharWidth() * 40), static_cast<int>(metrics.height() * 3.2)};
}

QSize LossLine::minimumSizeHint() const { return {sizeHint().width() / 3, sizeHint().height()}; }

void LossLine::show_losses(const std::vector<std::pair<double, double>>& losses, const QString& training) {
  if (losses == losses_ && training == training_) return;
  losses_ = losses;
  training_ = training;
  if (losses_.empty()) {
    setAccessibleDescription({});
  } else {
    const QString of = training_.isEmpty() ? QString() : tr("%1: ").arg(training_);
    setAccessibleDescription(of + tr("from %1 at step %2 to %3 at step %4")
                                      .arg(number(losses_.front().second), grouped(static_cast<qint64>(losses_.front().first)),
                                           number(losses_.back().second), grouped(static_cast<qint64>(losses_.back().first))));
  }
  update();
}

void LossLine::paintEvent(QPaintEvent*) {
  if (losses_.empty()) return;
  const ThemeColours theme = theme_colours(palette());
  const QFontMetricsF metrics(font());
  QPainter painter(this);
  painter.setRenderHint(QPainter::Antialiasing);
  const QString last = number(losses_.back().second), name = training_.isEmpty() ? tr("loss") : tr("loss of\n%1").arg(training_),
                step = tr("step %1").arg(grouped(static_cast<qint64>(losses_.back().first)));
  const double gap = metrics.averageCharWidth();
  double left = 2 * gap;
  for (const QString& line : name.split(QLatin1Char('\n'))) left = std::max(left, metrics.horizontalAdvance(line) + 2 * gap);
  const double right = std::max(metrics.horizontalAdvance(last), metrics.horizontalAdvance(step)) + 2 * gap;
  const QRectF area = QRectF(rect()).adjusted(left, metrics.height() * 0.4, -right, -metrics.height() * 0.4);
  painter.setPen(theme.faint_text);
  painter.drawText(QRectF(0, 0, left, height()), Qt::AlignLeft | Qt::AlignVCenter, name);
  const QRectF ends(width() - right + gap, 0, right - gap, height());
  painter.drawText(ends.adjusted(0, metrics.height() * 1.1, 0, 0), Qt::AlignLeft | Qt::AlignVCenter, step);
  painter.setPen(palette().color(QPalette::Text));
  painter.drawText(ends.adjusted(0, 0, 0, -metrics.height() * 0.9), Qt::AlignLeft | Qt::AlignVCenter, last);
  if (losses_.size() < 2 || area.width() < gap) return;
  const auto by_loss = [](const auto& a, const auto& b) { return a.second < b.second; };
  const auto [low, high] = std::minmax_element(losses_.begin(), losses_.end(), by_loss);
  const double first_step = losses_.front().first, steps = std::max(1.0, losses_.back().first - first_step);
  const double range = std::max(1e-12, high->second - low->second);
  QPainterPath path;
  for (const auto& [at, loss] : losses_) {
    const QPointF point(area.left() + area.width() * (at - first_step) / steps,
                        area.bottom() - area.height() * (loss - low->second) / range);
    path.elementCount() == 0 ? path.moveTo(point) : path.lineTo(point);
  }
  painter.setPen(QPen(theme.line, 1));
  painter.drawLine(area.bottomLeft(), area.bottomRight());
  painter.setPen(QPen(theme.accent, metrics.height() * 0.1, Qt::SolidLine, Qt::RoundCap, Qt::RoundJoin));
  painter.drawPath(path);
}

}  // namespace rolora::widgets
