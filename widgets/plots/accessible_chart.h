// SPDX-License-Identifier: GPL-3.0-or-later
// What a screen reader hears of a plot: role Chart, its title as name and a sentence as value.
#pragma once

#include <QString>
#include <QWidget>

namespace rolora::widgets {

/// A widget that draws a chart and can say in one sentence what it shows. Derive the widget's class from it as well.
class SpokenChart {
 public:
  virtual ~SpokenChart() = default;
  virtual QString sentence() const = 0;
};

/// Makes every SpokenChart widget known to Qt's accessibility; any number of calls.
void install_accessible_charts();
/// Tells screen readers that the sentence changed.
void announce_sentence(QWidget* chart, const QString& sentence);

}  // namespace rolora::widgets
