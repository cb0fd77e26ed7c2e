// SPDX-License-Identifier: GPL-3.0-or-later
// The magnitudes of a site as a surface over channel × token, turned by dragging and by keys.
#pragma once

#include <QImage>
#include <QWidget>
#include <atomic>
#include <memory>
#include <optional>
#include <vector>

#include "widgets/plots/accessible_chart.h"
#include "widgets/plots/figure.h"
#include "widgets/plots/magnitude_plot.h"
#include "widgets/plots/surface_scene.h"

namespace rolora::widgets {

class SurfacePlot : public QWidget, public SpokenChart {
  Q_OBJECT
 public:
  explicit SurfacePlot(QWidget* parent = nullptr);
  ~SurfacePlot() override;
  /// `contents` as MagnitudePlot::contents_of() makes them of the same data with its states side by side or alone; heights share one scale.
  void set_data(MagnitudeData data, HeatContents contents);
  void clear_data();
  void set_empty_text(const QString& text);
  void set_title(const QString& title);
  void set_style(const PlotStyle& style);
  const PlotStyle& style() const { return style_; }
  void set_selection(const Selection& selection);
  const SurfaceScene& scene() const { return scene_; }
  void set_camera(const Camera& camera);
  FigurePtr figure() const;
  QString sentence() const override;
  bool is_waiting() const { return waiting_; }
  QSize sizeHint() const override;
  QSize minimumSizeHint() const override;

 public slots:
  void reset_camera();
  void toggle_log();
  void cycle_colours();

 signals:
  void hovered(const rolora::widgets::Hit& hit);
  void left();
  void proposed(const rolora::widgets::Selection& selection);
  void drilled(const rolora::widgets::Selection& selection);
  void climbed();
  void table_asked();
  void layer_stepped(int by);
  void camera_changed();
  void menu_asked(const QPoint& global);

 protected:
  bool event(QEvent* event) override;
  void paintEvent(QPaintEvent* event) override;
  void resizeEvent(QResizeEvent* event) override;
  void mousePressEvent(QMouseEvent* event) override;
  void mouseMoveEvent(QMouseEvent* event) override;
  void mouseReleaseEvent(QMouseEvent* event) override;
  void mouseDoubleClickEvent(QMouseEvent* event) override;
  void keyPressEvent(QKeyEvent* event) override;
  void leaveEvent(QEvent* event) override;
  void contextMenuEvent(QContextMenuEvent* event) override;

 private:
  struct Peak {
    size_t panel = 0;
    int64_t token = 0, channel = 0;
    double value = 0;
    QPointF position;
  };
  std::optional<Peak> peak_at(QPointF position) const;
  std::optional<Peak> selected_peak() const;
  Peak peak_of(size_t panel, int64_t token, int64_t channel) const;
  Selection selection_of(const Peak& peak) const;
  QString text_of(const Peak& peak) const;
  void turned();
  void draw_fine_later();
  void paint_marks(QPainter& painter);
  MagnitudeData data_;
  SurfaceScene scene_;
  std::vector<SurfaceGrid> fine_, coarse_;
  PlotStyle style_;
  Selection selection_;
  QString title_, empty_text_;
  QImage picture_;  ///< the surfaces, antialiased, for the present camera and size; null while turning
  std::shared_ptr<std::atomic<bool>> stop_;
  bool waiting_ = false, turning_ = false;
  QPointF pressed_at_, last_at_;
  std::optional<Peak> hovered_;
};

}  // namespace rolora::widgets
