// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "widgets/plots/overview_plot.h"
#include "widgets/views/asked_pair.h"
#include "widgets/views/choice_bar.h"
#include "widgets/views/place_bar.h"
#include "widgets/views/view.h"

namespace rolora::widgets {

/// Layer × channel of one statistic of one kind of site, of one or two states.
class OverviewView : public View {
  Q_OBJECT
 public:
  explicit OverviewView(const Workbench& workbench, QWidget* parent = nullptr);
  QString title() const override { return tr("Overview"); }
  FigurePtr figure() const override { return plot_->figure(); }
  void set_style(const PlotStyle& style) override;
  QWidget* focus_widget() override { return plot_; }
  OverviewPlot* plot() const { return plot_; }
  PlaceBar* place() const { return place_; }

 private:
  void follow(const Selection& now, const Selection& before);
  void ask();
  void show_data();
  ComparedState state_of(const StateRef& ref, const MatrixPtr& values, bool over_rms) const;
  QString caption(const OverviewData& data) const;
  void show_remarks();
  ChoiceBar* bar_;
  PlaceBar* place_;
  OverviewPlot* plot_;
  AskedPair pair_;
  Selection asked_, shown_;
};

}  // namespace rolora::widgets
