// SPDX-License-Identifier: GPL-3.0-or-later
// What quantization costs, linear by linear: relative error or SQNR of each linear's output by layer, one small panel a kind of linear, one
// line a model and method.
#pragma once

#include <vector>

#include "widgets/data/run_store.h"
#include "widgets/plots/line_look.h"
#include "widgets/plots/plot.h"

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

/// NaN where it was not measured.
double error_value(const LinearError& linear, ErrorCause cause, ErrorMeasure measure);

class ErrorPlot : public Plot {
  Q_OBJECT
 public:
  explicit ErrorPlot(QWidget* parent = nullptr);
  void set_data(ErrorData data, bool keep_view);
  void set_form(ErrorCause cause, ErrorMeasure measure);
  const ErrorData& data() const { return data_; }
  ErrorCause cause() const { return cause_; }
  ErrorMeasure measure() const { return measure_; }

 public slots:
  void toggle_log() override;

 protected:
  void draw(const PlotStyle& style) override;
  std::unique_ptr<Plot> copy() const override;
  bool has_data() const override;
  std::optional<Hit> hit(QPointF position) const override;
  FigureTable table() const override;
  QString file_name() const override;
  QString caption() const override;
  double height_to_width() const override { return 0.76; }
  std::optional<Hit> stepped(int dx, int dy, bool to_outlier) const override;
  std::optional<Hit> hit_of_selection() const override;
  void set_full_ranges() override;

 private:
  struct Panel {
    QString kind;
    QPointer<QCPAxisRect> rect;
  };
  void draw_panel(const PlotStyle& style, QCPLayoutGrid* grid, Panel& panel, int index);
  bool is_logarithmic() const { return measure_ == ErrorMeasure::relative_error && logarithmic_; }
  double value_of(const LinearError& linear) const { return error_value(linear, cause_, measure_); }
  QString measure_label() const;
  LineLook look_of(const PlotStyle& style, const ErrorSeries& series) const;
  QCPMarginGroup* margin_group(std::vector<QCPMarginGroup*>& groups, size_t index);
  Hit hit_of(const ErrorSeries& series, const LinearError& linear, const Panel& panel) const;
  const Panel* panel_of(const QString& kind) const;

  ErrorData data_;
  ErrorCause cause_ = ErrorCause::both;
  ErrorMeasure measure_ = ErrorMeasure::relative_error;
  bool logarithmic_ = true;
  std::vector<Panel> panels_;
};

}  // namespace rolora::widgets
