// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QImage>
#include <QTimer>
#include <QWidget>

#include "widgets/plots/figure_exporter.h"

namespace rolora::widgets {

/// A figure on its sheet, as large on screen as on paper; smaller where there is no room for it, never cut off.
class FigurePreview : public QWidget {
  Q_OBJECT
 public:
  explicit FigurePreview(QWidget* parent = nullptr);
  void show_figure(const FigurePtr& figure, const FigureSettings& settings);
  /// Logical pixels of this screen in an inch on the glass; the logical resolution where the screen does not say.
  double dots_per_inch() const;
  /// Of the true size: 1, or what fits.
  double scale() const;
  /// Dots per inch that it is drawn with before it is made as small as the sheet: those of the file.
  int resolution() const;
  QImage whole() const { return whole_; }
  QRect sheet() const;              ///< where the figure lies
  QSize sizeHint() const override;  ///< of the true size
  QSize minimumSizeHint() const override;

 signals:
  void scale_changed();

 protected:
  void paintEvent(QPaintEvent* event) override;
  void resizeEvent(QResizeEvent* event) override;

 private:
  void draw();
  void fit_to_sheet();
  QSizeF true_size() const;
  FigurePtr figure_;
  FigureSettings settings_;
  QImage drawn_;
  QImage whole_;                // at the file's resolution
  int asked_ = 0, fitted_ = 0;  // the newest drawing; an older one that arrives late is not shown
  QTimer soon_;                 // a figure takes longer to draw than a window to be resized
  QSizeF points_{234, 150};
};

}  // namespace rolora::widgets
