// SPDX-License-Identifier: GPL-3.0-or-later
// The magnitudes of a site as a surface over channel × token, turned by dragging and by keys.
#pragma once

#include <QElapsedTimer>
#include <QImage>
#include <QVector>
#include <QWidget>
#include <atomic>
#include <memory>
#include <optional>
#include <vector>

#include "widgets/plots/accessible_chart.h"
#include "widgets/plots/figure.h"
#include "widgets/plots/magnitude_plot.h"
#include "widgets/plots/plot_keys.h"
#include "widgets/plots/scaled_plot.h"
#include "widgets/plots/surface_scene.h"

namespace rolora::widgets {

class SurfacePlot : public QWidget, public SpokenChart, public ScaledPlot {
  Q_OBJECT
 public:
  explicit SurfacePlot(QWidget* parent = nullptr);
  ~SurfacePlot() override;
  /// `contents` as MagnitudePlot::contents_of() makes them of the same data; heights share one scale, signed ones rise and fall from half
  /// way up. keep_view: the part that is shown stays, where it still exists.
  void set_data(MagnitudeData data, HeatContents contents, bool keep_view = false, bool keep_scale = false);
  void clear_data();
  void set_empty_text(const QString& text);
  void set_title(const QString& title);
  void set_style(const PlotStyle& style);
  const PlotStyle& style() const { return style_; }
  void set_selection(const Selection& selection);
  const Selection& selection() const { return selection_; }
  const SurfaceScene& scene() const { return scene_; }
  const HeatScale& scale() const override { return scene_.scale; }
  const QString& colours() const override { return style_.colours; }
  double threshold() const override { return chosen_threshold_.value_or(usual_threshold_); }
  void set_threshold(std::optional<double> magnitude) override;
  void set_scale(const HeatScale& scale);
  /// The part of channels and tokens that is drawn.
  void set_shown(const CellBlock& cells);
  /// A place that a linked plot points at: a ring, until −1.
  void show_linked_place(int token, int channel);
  std::optional<double> value_at(const Hit& hit) const;
  QString scale_note() const;
  void set_camera(const Camera& camera);
  FigurePtr figure() const;
  QString sentence() const override;
  bool is_waiting() const { return waiting_; }
  QSize sizeHint() const override;
  QSize minimumSizeHint() const override;

 public slots:
  void fit();  ///< the usual camera, all channels and tokens
  void zoom_out();
  void previous_view();
  void next_view();
  void fit_scale() override;
  void fit_scale_to_visible() override;
  void fit_scale_percentiles() override;
  void toggle_log() override;  ///< of heights and colours
  void cycle_colours();
  void set_colours(const QString& map) override;

 signals:
  void hovered(const rolora::widgets::Hit& hit);
  void left();
  void proposed(const rolora::widgets::Selection& selection);
  void drilled(const rolora::widgets::Selection& selection);
  void climbed();
  void table_asked();
  void layer_stepped(int by);
  void told(const QString& message);
  void camera_changed();
  void scale_changed(const rolora::widgets::HeatScale& scale);
  void colours_changed(const QString& map);
  void threshold_changed(double magnitude);
  void menu_asked(const QPoint& global, const rolora::widgets::Hit& hit, bool has_hit);

 protected:
  bool event(QEvent* event) override;
  void paintEvent(QPaintEvent* event) override;
  void resizeEvent(QResizeEvent* event) override;
  void mousePressEvent(QMouseEvent* event) override;
  void mouseMoveEvent(QMouseEvent* event) override;
  void mouseReleaseEvent(QMouseEvent* event) override;
  void mouseDoubleClickEvent(QMouseEvent* event) override;
  void wheelEvent(QWheelEvent* event) override;
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
  struct ViewState {
    Camera camera;
    CellBlock shown;
  };
  Selection selection_of(const Peak& peak) const;
  QString text_of(const Peak& peak) const;
  Hit hit_of(const Peak& peak) const;
  bool act(const PlotKey& key);
  void move_cursor(const PlotKey& key);
  void zoom(QPointF about, double factor, bool channels, bool tokens);
  void pan(QPointF from, QPointF to);
  void step_history(bool back);
  void remember_view();
  void make_grids();
  std::vector<float> shown_magnitudes() const;
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
  bool panning_ = false, space_ = false;
  QPointF pressed_at_, last_at_;
  std::optional<Peak> hovered_;
  int linked_token_ = -1, linked_channel_ = -1;
  std::optional<double> chosen_threshold_;
  double usual_threshold_ = 0;
  QString note_;  ///< of the contents
  QVector<ViewState> back_, forward_;
  QElapsedTimer last_change_;
};

}  // namespace rolora::widgets
