// SPDX-License-Identifier: GPL-3.0-or-later
// What quantization costs, linear by linear: relative error or SQNR of each linear's output by layer, one small panel a kind of linear, one
// line a model and method.
#pragma once

#include <vector>

#include "widgets/data/run_store.h"
#include "widgets/plots/data_plot.h"
#include "widgets/plots/line_look.h"

namespace rolora::widgets {

enum class ErrorCause { weights, activations, both };  ///< what is quantized while the error is measured
enum class ErrorMeasure { relative_error, sqnr };      ///< ‖Y − Ŷ‖ / ‖Y‖, or 20·log10 of its inverse in dB

struct ErrorSeries {
  QString name;                      ///< "rotated (seed 0) + LoRA, GPTQ W4A4"
  QString state, method;             ///< its parts: what colour and what dash say
  std::vector<LinearError> linears;  ///< in the model's order
};

struct ErrorData {
  std::vector<ErrorSeries> series;
  QString facts;
};

struct ErrorForm {
  ErrorCause cause = ErrorCause::both;
  ErrorMeasure measure = ErrorMeasure::relative_error;
  bool logarithmic = true;  ///< the relative error; decibels are logarithms already
  bool operator==(const ErrorForm&) const = default;
};

/// NaN where it was not measured.
double error_value(const LinearError& linear, ErrorCause cause, ErrorMeasure measure);
/// The site that a kind of linear reads: "k_proj" → qkv_in; nothing for a linear that has none.
std::optional<SiteKind> site_read_by(const QString& kind);

class ErrorPlot : public DataPlot<ErrorPlot, ErrorData, ErrorForm> {
  Q_OBJECT
 public:
  explicit ErrorPlot(QWidget* parent = nullptr);

 public slots:
  void toggle_log() override;

 protected:
  void draw(const PlotStyle& style) override;
  bool has_data() const override;
  std::optional<Hit> hit(QPointF position) const override;
  void chosen(const Hit& hit) override;
  void mark(const PlotStyle& style) override;
  FigureTable table() const override;
  QString file_name() const override;
  QString caption() const override;
  double height_to_width() const override { return 0.82; }
  std::optional<Hit> stepped(int dx, int dy, bool to_outlier) const override;
  std::optional<Hit> hit_of_selection() const override;
  void set_full_ranges() override;

 private:
  struct Panel {
    QString kind;
    QPointer<QCPAxisRect> rect;
  };
  struct Choice {  // a site is read by several linears, and each has several lines
    size_t series = 0;
    QString kind;
  };
  void draw_panel(const PlotStyle& style, QCPLayoutGrid* grid, Panel& panel, int index);
  bool is_logarithmic() const { return form_.measure == ErrorMeasure::relative_error && form_.logarithmic; }
  double value_of(const LinearError& linear) const { return error_value(linear, form_.cause, form_.measure); }
  QString measure_label() const;
  LineLook look_of(const PlotStyle& style, const ErrorSeries& series) const;
  QCPMarginGroup* margin_group(std::vector<QCPMarginGroup*>& groups, size_t index);
  Hit hit_of(const ErrorSeries& series, const LinearError& linear, const Panel& panel) const;
  std::optional<Hit> hit_at(size_t series, const QString& kind, int layer) const;
  /// The kinds of linear that the selection is about: the one that was chosen, or all that read its site.
  QStringList selected_kinds() const;
  const Panel* panel_of(const QString& kind) const;

  std::vector<Panel> panels_;
  std::optional<Choice> choice_;
};

}  // namespace rolora::widgets
