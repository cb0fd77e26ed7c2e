// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QPixmap>
#include <QWidget>

#include "widgets/plots/figure_exporter.h"

namespace rolora::widgets {

/// A figure on its sheet, as large on screen as on paper.
class FigurePreview : public QWidget {
  Q_OBJECT
 public:
  explicit FigurePreview(QWidget* parent = nullptr);
  void show_figure(const FigurePtr& figure, const FigureSettings& settings);
  /// Logical pixels of this screen in an inch on the glass; the logical resolution where the screen does not say.
  double dots_per_inch() const;
  QSize sizeHint() const override;

 protected:
  void paintEvent(QPaintEvent* event) override;

 private:
  QPixmap drawn_;
  QSizeF points_{234, 150};
};

}  // namespace rolora::widgets
