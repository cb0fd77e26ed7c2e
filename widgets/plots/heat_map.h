// SPDX-License-Identifier: GPL-3.0-or-later
// The plottable of all heat maps: one image, as many pixels as the screen has, each pixel the largest of its cells.
#pragma once

#include <qcustomplot.h>

#include <QImage>
#include <QPointer>
#include <atomic>
#include <memory>
#include <optional>

#include "widgets/base/plot_style.h"
#include "widgets/plots/heat_scale.h"
#include "widgets/plots/heat_values.h"

namespace rolora::widgets {

/// Cell (row r, column c) covers keys c − ½ … c + ½ and values r − ½ … r + ½.
class HeatMap : public QCPAbstractPlottable {
  Q_OBJECT
 public:
  HeatMap(QCPAxis* key_axis, QCPAxis* value_axis, HeatSourcePtr source);
  ~HeatMap() override;
  void set_colours(std::shared_ptr<const HeatColours> colours);
  const HeatSourcePtr& source() const { return source_; }
  const HeatColours& colours() const { return *colours_; }
  /// The true cell that the pixel at a position (plot units) shows.
  std::optional<std::pair<int64_t, int64_t>> cell_at(QPointF position) const;
  /// The same, but where cells are smaller than pixels a value from `threshold` on that is drawn within a few pixels goes first: a line of
  /// one pixel is hard to point at.
  std::optional<std::pair<int64_t, int64_t>> cell_near(QPointF position, double threshold) const;
  /// {rows, columns} that one pixel of the present view stands for, or of the figure that `painter` makes.
  std::pair<int64_t, int64_t> pooled(const QCPPainter* painter = nullptr) const;
  /// Rows and columns of which at least a part is visible, ends exclusive.
  CellBlock visible_cells() const;
  bool is_waiting() const { return waiting_; }

  double selectTest(const QPointF& position, bool only_selectable, QVariant* details = nullptr) const override;
  QCPRange getKeyRange(bool& found, QCP::SignDomain domain = QCP::sdBoth) const override;
  QCPRange getValueRange(bool& found, QCP::SignDomain domain = QCP::sdBoth, const QCPRange& keys = QCPRange()) const override;

 protected:
  void draw(QCPPainter* painter) override;
  void drawLegendIcon(QCPPainter* painter, const QRectF& rect) const override;
  QRect clipRect() const override;

 private:
  struct Image {
    HeatWindow window;
    QImage pixels;
  };
  // Between coordinates and positions, from edge to edge of the panel (QCPAxis leaves out its last pixel).
  double to_x(double key) const;
  double to_y(double value) const;
  double from_x(double x) const;
  double from_y(double y) const;
  QRectF data_rectangle() const;
  /// Pixels a plot unit that the image is made for.
  struct Resolution {
    double usual;     ///< where cells are larger than pixels
    double most = 0;  ///< in vector files: cells are not pooled up to here
  };
  Resolution resolution(const QCPPainter* painter) const;
  HeatWindow window_for(const QRectF& rectangle, const Resolution& resolution) const;
  CellBlock block_around(QPointF position, int columns, int rows) const;
  void draw_later(const HeatWindow& window);
  void make_coarse_later();
  HeatSourcePtr source_;
  std::shared_ptr<const HeatColours> colours_;
  Image image_;
  std::shared_ptr<std::atomic<bool>> stop_image_, stop_coarse_;
  HeatWindow wanted_;
  bool waiting_ = false;
};

/// Colours of pooled keys as an image.
QImage heat_image(const HeatGrid& grid, const HeatWindow& window, const HeatColours& colours, const std::atomic<bool>& stop);

/// What stands above a panel: its title on the left, on the right how many cells one pixel is.
class HeatHeader : public QCPLayerable {
 public:
  HeatHeader(HeatMap* map, QCPAxisRect* panel, const PlotStyle& style, QString title);
  /// Said before the pooling; `longer` only where there is room.
  void set_note(const QString& note, const QString& longer);
  static int height(const PlotStyle& style);

 protected:
  void applyDefaultAntialiasingHint(QCPPainter* painter) const override { painter->setAntialiasing(true); }
  void draw(QCPPainter* painter) override;

 private:
  QPointer<HeatMap> map_;
  QPointer<QCPAxisRect> panel_;
  QFont title_font_, badge_font_;
  QColor title_colour_, badge_colour_;
  QPen frame_;
  QString title_, note_, longer_note_;
};

}  // namespace rolora::widgets
