// SPDX-License-Identifier: GPL-3.0-or-later
// Fine-tuning as it went or goes: loss raw and smoothed with the evaluation loss, learning rate, gradient norm, and kurtosis by layer where
// it was measured, over one step axis; several trainings in one picture.
#pragma once

#include <vector>

#include "widgets/data/run_store.h"
#include "widgets/plots/data_plot.h"
#include "widgets/plots/line_look.h"

namespace rolora::widgets {

struct TrainingSeries {
  QString name;  ///< "rotated"
  TrainingCurve curve;
};

struct TrainingData {
  std::vector<TrainingSeries> series;
  QString kurtosis_site = QStringLiteral("down_in");  ///< of which the kurtosis panel tells
  QString facts;
};

struct TrainingForm {
  double smoothing = 0.9;                                            ///< β of the bias-corrected moving average; 0: none
  bool learning_rate = true, gradient_norm = true, kurtosis = true;  ///< panels beside the loss
  bool logarithmic_values = false, logarithmic_steps = false;
  bool operator==(const TrainingForm&) const = default;
};

class TrainingPlot : public DataPlot<TrainingPlot, TrainingData, TrainingForm> {
  Q_OBJECT
 public:
  explicit TrainingPlot(QWidget* parent = nullptr);
  /// A training that grew keeps the view that was zoomed to; a view of everything goes on showing everything.
  void set_data(TrainingData data);
  /// Sites of which some series tells the kurtosis: "down_in", ….
  static QStringList kurtosis_sites(const TrainingData& data);

 public slots:
  void toggle_log() override;

 protected:
  void draw(const PlotStyle& style) override;
  bool has_data() const override;
  std::optional<Hit> hit(QPointF position) const override;
  FigureTable table() const override;
  QString file_name() const override;
  QString caption() const override;
  double height_to_width() const override;
  void set_full_ranges() override;
  bool keeps_view(const TrainingForm& form) const override;

 private:
  struct Line {  // what hovering finds
    QPointer<QCPAxisRect> panel;
    QString name, what;
    int layer = -1;
    std::vector<double> steps, values;
  };
  QCPAxisRect* add_panel_below(const PlotStyle& style, const QString& label, bool logarithmic, double stretch);
  void draw_legend(const PlotStyle& style);
  void draw_loss(const PlotStyle& style);
  void draw_simple(const PlotStyle& style, const QString& label, std::vector<double> TrainingCurve::*values);
  void draw_kurtosis(const PlotStyle& style);
  void add_line(QCPAxisRect* panel, const LineLook& look, Line line);
  bool shows_kurtosis() const;
  bool has_any(std::vector<double> TrainingCurve::*values) const;
  bool shows_everything() const;
  int kurtosis_layers() const;
  void draw_layer_legend(const PlotStyle& style, int layers);

  std::vector<Line> lines_;
  std::vector<QPointer<QCPAxisRect>> panels_;
  QVector<QCPRange> full_;
};

}  // namespace rolora::widgets
