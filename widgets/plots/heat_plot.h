// SPDX-License-Identifier: GPL-3.0-or-later
// One or two heat maps on the same axes with one locked colour scale. What rows, columns and values mean is in the subclasses.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "widgets/plots/heat_map.h"
#include "widgets/plots/plot.h"
#include "widgets/plots/scaled_plot.h"

namespace rolora::widgets {

struct HeatPanel {
  QString title;
  HeatSourcePtr source;
  bool from_median = false;  ///< colours start at the median: a pixel of many raw values shows the largest of them, never the small ones
};

struct HeatContents {
  std::vector<HeatPanel> panels;  ///< one or two, of the same shape
  QString scale_label;
  bool is_signed = false;  ///< diverging colours, centred on 0
  bool powers = false;     ///< values are log2 of ratios
  QString note;            ///< what is left out, for the panel's badge and the caption
};

/// A caption with one more sentence, where there is one.
inline QString with_note(const QString& caption, const QString& note) {
  return note.isEmpty() ? caption : caption + (caption.isEmpty() ? QString() : QStringLiteral(" ")) + note;
}

/// Where the second panel stands; automatic: beside the first where the window is wide.
enum class Arrangement { automatic, beside, below };

class HeatPlot : public Plot, public ScaledPlot {
  Q_OBJECT
 public:
  explicit HeatPlot(QWidget* parent = nullptr) : Plot(parent) {}
  const HeatScale& scale() const override { return scale_; }
  const HeatContents& contents() const { return contents_; }
  /// Fixes the scale; it stays until it is fitted again or other values are shown without keeping it.
  void set_scale(const HeatScale& scale);
  const QString& colours() const override { return style().colours; }
  double threshold() const override { return chosen_threshold_.value_or(usual_threshold_); }
  void set_threshold(std::optional<double> magnitude) override;
  bool has_chosen_threshold() const { return chosen_threshold_.has_value(); }
  Arrangement arrangement() const { return arrangement_; }
  void set_arrangement(Arrangement arrangement);
  /// The shown value under a hit of this plot.
  std::optional<double> value_at(const Hit& hit) const;
  /// "12 values lie beyond the scale and are marked." and what contents left out: for captions. Empty where there is nothing to say.
  QString scale_note() const;
  /// The heat map of a panel, for tests.
  HeatMap* map(size_t panel) const { return panel < maps_.size() ? maps_[panel].data() : nullptr; }

 public slots:
  void fit_scale() override;
  void fit_scale_to_visible() override;
  void fit_scale_percentiles() override;
  void toggle_log() override;
  void cycle_colours() override;
  void set_colours(const QString& map) override;

 signals:
  void scale_changed(const rolora::widgets::HeatScale& scale);
  void colours_changed(const QString& map);
  void threshold_changed(double magnitude);
  void arrangement_changed(rolora::widgets::Arrangement arrangement);

 protected:
  struct Cell {
    int64_t row = -1, column = -1;  ///< −1: all of them
  };
  void set_contents(HeatContents contents, bool keep_view, bool keep_scale);
  /// What one says of a cell; panel: which of the panels.
  virtual QString cell_text(size_t panel, Cell cell) const = 0;
  virtual Selection cell_selection(size_t panel, Cell cell) const = 0;
  virtual Cell selected_cell() const = 0;
  virtual QString row_label() const = 0;
  virtual QString column_label() const = 0;
  virtual QString row_name() const = 0;  ///< of the table's column: "layer"
  virtual QSharedPointer<QCPAxisTicker> row_ticker(const PlotStyle& style) const;
  void copy_into(HeatPlot& other) const;

  void draw(const PlotStyle& style) override;
  bool is_image() const override { return true; }
  bool has_data() const override { return !contents_.panels.empty(); }
  std::optional<Hit> hit(QPointF position) const override;
  std::optional<Hit> hit_of_selection() const override;
  /// The largest magnitude within the rectangle.
  std::optional<Hit> hit_in(QCPAxisRect* panel, const QRectF& rectangle) const override;
  std::optional<Hit> stepped(int dx, int dy, bool to_outlier) const override;
  QString nothing_found(bool to_outlier) const override;
  void mark(const PlotStyle& style) override;
  void set_full_ranges() override;
  QCPRange limited(const QCPAxis* axis, const QCPRange& wanted) const override;
  FigureTable table() const override;
  double height_to_width() const override;
  void keyPressEvent(QKeyEvent* event) override;
  void resizeEvent(QResizeEvent* event) override;

 private:
  void draw_panel(size_t index, QCPLayoutGrid* grid, const PlotStyle& style);
  void draw_scale(const PlotStyle& style);
  void share_height();
  void recolour();
  void note_outside();
  void mark_scale(const PlotStyle& style, double value);
  Hit hit_of_cell(size_t panel, Cell cell) const;
  void keep_in_sight(Cell cell);
  bool wants_stack(QSize size) const;
  std::vector<float> visible_magnitudes() const;
  HeatContents contents_;
  HeatScale scale_;
  bool stacked_ = false, magnitudes_logarithmic_ = true, differences_logarithmic_ = true;
  Arrangement arrangement_ = Arrangement::automatic;
  std::optional<double> chosen_threshold_;
  double usual_threshold_ = 0;
  std::vector<QPointer<HeatMap>> maps_;
  std::vector<std::unique_ptr<HeatHeader>> headers_;
  QPointer<QCPColorScale> bar_;
  QPointer<QCPLayoutGrid> grid_;  // of the panels
};

}  // namespace rolora::widgets
