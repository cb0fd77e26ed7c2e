// SPDX-License-Identifier: GPL-3.0-or-later
// Ticks of linear and logarithmic axes with labels that people read: 1, 10, 100, 1 k, or powers where they get long.
#pragma once

#include <qcustomplot.h>

namespace rolora::widgets {

/// Decades, thinned when there are many, with 2 and 5 between them when there are few, linear ticks inside one decade.
class LogTicker : public QCPAxisTicker {
 public:
  enum class Labels { numbers, si };
  explicit LogTicker(Labels labels = Labels::numbers) : labels_(labels) {}

 protected:
  QVector<double> createTickVector(double tick_step, const QCPRange& range) override;
  int getSubTickCount(double tick_step) override;
  QVector<double> createSubTickVector(int count, const QVector<double>& ticks) override;
  QString getTickLabel(double tick, const QLocale& locale, QChar format, int precision) override;

 private:
  Labels labels_;
  bool linear_ = false;
  int decades_a_tick_ = 1;
  bool between_ = false;  ///< ticks at 2 and 5 too
};

/// Whole numbers only: layers, steps.
class IndexTicker : public QCPAxisTicker {
 protected:
  double getTickStep(const QCPRange& range) override;
  int getSubTickCount(double) override { return 0; }
  QString getTickLabel(double tick, const QLocale& locale, QChar format, int precision) override;
};

/// Round steps, labels with SI prefixes.
class NumberTicker : public QCPAxisTicker {
 protected:
  QString getTickLabel(double tick, const QLocale& locale, QChar format, int precision) override;
};

}  // namespace rolora::widgets
