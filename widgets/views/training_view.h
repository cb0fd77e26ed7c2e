// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QLabel>
#include <QSet>
#include <QString>

#include "widgets/data/run_store.h"
#include "widgets/plots/training_plot.h"
#include "widgets/views/choice_bar.h"
#include "widgets/views/view.h"

class QMenu;
class QToolButton;

namespace rolora::widgets {

/// Training curves of the open runs, growing while they work.
class TrainingView : public View {
  Q_OBJECT
 public:
  explicit TrainingView(const Workbench& workbench, QWidget* parent = nullptr);
  QString title() const override { return tr("Training"); }
  FigurePtr figure() const override { return plot_->figure(); }
  void set_style(const PlotStyle& style) override { plot_->set_style(style); }
  QWidget* focus_widget() override { return plot_; }
  TrainingPlot* plot() const { return plot_; }
  /// Draws this run's trainings and those at work; others of the open runs stay in the menu. A run that trains nothing changes nothing.
  void show_run(const QString& folder);
  /// What the plot cannot show and why, where something is missing.
  QString note() const { return note_->text(); }

 private:
  struct Curve {
    QString id, name;  ///< "FOLDER\nSTATION"; "story: rotated (seed 0)"
    const TrainingCurve* curve;
    RunDataPtr run;
  };
  void add_choices();
  void add_curve_menu();
  bool is_drawn(const Curve& curve) const;
  void take_form();
  void show_form();
  void runs_changed();
  void fill_menu(const std::vector<Curve>& curves);
  std::vector<Curve> curves() const;
  void show_sites(const QStringList& sites);
  QString missing_kurtosis(const TrainingData& data) const;

  TrainingPlot* plot_;
  ChoiceBar* bar_;
  QToolButton* which_;
  QMenu* menu_;
  QLabel* note_;
  QComboBox *smoothing_, *site_;
  QCheckBox *values_, *steps_;
  QString folder_;               ///< of the run that was opened last and trains
  QHash<QString, bool> chosen_;  ///< curves that were checked or unchecked
  QStringList drawn_;
};

}  // namespace rolora::widgets
