// SPDX-License-Identifier: GPL-3.0-or-later
// The row of choices above a plot: those that are part of the selection, and a view's own. It wraps where the window is narrow. Every
// choice has a label that is its buddy, a tooltip and an accessible name.
#pragma once

#include <QCheckBox>
#include <QComboBox>
#include <QLineEdit>
#include <QString>
#include <QStringList>
#include <QWidget>
#include <functional>
#include <vector>

#include "widgets/data/selection.h"
#include "widgets/data/workbench.h"

namespace rolora::widgets {

class FlowLayout;
class HeatPlot;
class ScaledPlot;
class SurfacePlot;

class ChoiceBar : public QWidget {
  Q_OBJECT
 public:
  enum Part { site = 1, layer = 2, statistic = 4, comparison = 8, scaling = 16, first_tokens = 32 };
  ChoiceBar(const Workbench& workbench, int parts, QWidget* parent = nullptr);
  /// Behind what is there already.
  void add_parts(int parts);
  /// Puts the controls where the selection is; proposes nothing. `shown_layer`: the layer that is shown while none is selected; −1: all.
  void show_selection(const Selection& selection, int shown_layer = -1);
  /// Fit, percentiles, logarithm, colours and threshold of a heat map, and where its second panel stands.
  void add_scale_controls(HeatPlot* plot);
  /// The same controls act on a surface too, after control() said so. Colours are those of both.
  void also_scales(SurfacePlot* surface);
  void control(ScaledPlot* plot);

  QComboBox* add_choice(const QString& label, const QString& tip, const QStringList& items = {});
  QLineEdit* add_field(const QString& label, const QString& tip);
  QCheckBox* add_switch(const QString& text, const QString& tip, bool on = false);
  void add_control(QWidget* control);
  /// A control of this bar with its label.
  static void set_shown(QWidget* control, bool shown);

 private:
  void propose(const std::function<void(Selection&)>& change);
  void add_selection_choices(int parts);
  void add_look_choices(int parts);
  QWidget* add_labelled(const QString& label, const QString& tip, QWidget* control);
  void add_threshold();
  void add_arrangement(HeatPlot* plot);
  template <class AnyPlot>
  void follow_scale(AnyPlot* plot);
  void show_scale();
  void take_threshold();
  Workbench workbench_;
  FlowLayout* row_;
  QComboBox *site_ = nullptr, *layer_ = nullptr, *statistic_ = nullptr, *comparison_ = nullptr;
  QCheckBox *over_rms_ = nullptr, *first_ = nullptr, *log_ = nullptr;
  QLineEdit* threshold_ = nullptr;
  QComboBox* colours_ = nullptr;
  ScaledPlot* scaled_ = nullptr;  ///< what the scale's controls act on
  std::vector<ScaledPlot*> all_scaled_;
};

/// Puts `items` into the box, keeping its current text where it is among them; no signal.
void set_items(QComboBox* box, const QStringList& items);

}  // namespace rolora::widgets
