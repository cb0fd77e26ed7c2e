// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/plots/log_ticker.h"

#include <cmath>

#include "widgets/base/format.h"

namespace rolora::widgets {

namespace {

constexpr double kLinearSpan = 6;  // below it 1, 2 and 5 of a decade are too few ticks; above it even ones crowd at the upper end

}  // namespace

QVector<double> LogTicker::createTickVector(double tick_step, const QCPRange& range) {
  linear_ = range.lower <= 0 || range.upper / range.lower < kLinearSpan;
  between_ = false;
  decades_a_tick_ = 1;
  if (linear_) return QCPAxisTicker::createTickVector(QCPAxisTicker::getTickStep(range), range);
  Q_UNUSED(tick_step);
  const double decades = std::log10(range.upper / range.lower);
  const int wanted = tickCount() + (tickCount() > 4 ? 3 : 0);  // decades are short words
  while (decades / decades_a_tick_ > wanted) ++decades_a_tick_;
  between_ = decades < (tickCount() > 3 ? 2 : 1);
  QVector<double> ticks;
  const int first = static_cast<int>(std::floor(std::log10(range.lower))), last = static_cast<int>(std::ceil(std::log10(range.upper)));
  for (int exponent = first; exponent <= last; ++exponent) {
    if (exponent % decades_a_tick_ != 0) continue;
    ticks << std::pow(10.0, exponent);
    if (between_) ticks << 2 * std::pow(10.0, exponent) << 5 * std::pow(10.0, exponent);
  }
  return ticks;
}

int LogTicker::getSubTickCount(double tick_step) { return linear_ ? QCPAxisTicker::getSubTickCount(tick_step) : 8; }

QVector<double> LogTicker::createSubTickVector(int count, const QVector<double>& ticks) {
  if (linear_) return QCPAxisTicker::createSubTickVector(count, ticks);
  QVector<double> between;
  if (ticks.isEmpty() || decades_a_tick_ > 4) return between;
  const int first = static_cast<int>(std::floor(std::log10(ticks.first()) + 1e-9)) - 1;
  const int last = static_cast<int>(std::ceil(std::log10(ticks.last()) - 1e-9));
  for (int exponent = first; exponent <= last; ++exponent) {
    const double decade = std::pow(10.0, exponent);
    if (decades_a_tick_ > 1) {
      between << decade;
      continue;
    }
    for (int digit = 2; digit < 10; ++digit) {
      if (!between_ || (digit != 2 && digit != 5)) between << digit * decade;
    }
  }
  return between;
}

QString LogTicker::getTickLabel(double tick, const QLocale& locale, QChar format, int precision) {
  Q_UNUSED(locale);
  Q_UNUSED(format);
  Q_UNUSED(precision);
  if (labels_ == Labels::si) return si(tick);
  if (tick >= 999.5 && tick < 1.1e5) return grouped(std::llround(tick));
  if (tick >= 0.9e-3 && tick < 1.1e5) return QString::number(tick, 'g', 6);
  return QStringLiteral("%1")
      .arg(tick, 0, 'g', 3)
      .replace(QStringLiteral("e-0"), QStringLiteral("e-"))
      .replace(QStringLiteral("e+0"), QStringLiteral("e"));
}

double IndexTicker::getTickStep(const QCPRange& range) { return std::max(1.0, std::round(QCPAxisTicker::getTickStep(range))); }

QString IndexTicker::getTickLabel(double tick, const QLocale&, QChar, int) { return grouped(std::llround(tick)); }

QString NumberTicker::getTickLabel(double tick, const QLocale&, QChar, int) {
  if (std::fabs(tick) < 1e-12) return QStringLiteral("0");
  if (std::fabs(tick) >= 1000 && std::fabs(tick) < 1e4 && tick == std::round(tick)) return grouped(std::llround(tick));
  return std::fabs(tick) < 1e4 ? QString::number(tick, 'g', 5) : si(tick, 4);
}

}  // namespace rolora::widgets
