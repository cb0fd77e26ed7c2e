// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QString>
#include <functional>
#include <optional>
#include <vector>

#include "widgets/data/statistics_store.h"
#include "widgets/plots/distribution_plot.h"
#include "widgets/views/choice_bar.h"
#include "widgets/views/place_bar.h"
#include "widgets/views/view.h"

namespace rolora::widgets {

/// The two states of a selection as they are shown: an empty reference where the comparison leaves a side out.
struct ShownStates {
  StateRef a, b;
};
ShownStates shown_states(const Selection& selection);
/// Layers of these states that have the site, ascending.
std::vector<int> layers_with(const ShownStates& states, SiteKind site, const StatisticsStore& store);

/// The distribution of the selected site, of the selected layer or of all layers, of both states.
class DistributionView : public View {
  Q_OBJECT
 public:
  explicit DistributionView(const Workbench& workbench, QWidget* parent = nullptr);
  QString title() const override { return tr("Distribution"); }
  FigurePtr figure() const override { return plot_->figure(); }
  void set_style(const PlotStyle& style) override { plot_->set_style(style); }
  QWidget* focus_widget() override { return plot_; }
  DistributionPlot* plot() const { return plot_; }
  PlaceBar* place() const { return place_; }

 private:
  struct Shown {  // what the plot's values hang on
    StateRef a, b;
    SiteKind site = SiteKind::down_in;
    int layer = -1;
    bool without_first = false, token_maxima = false;
    Scaling scaling = Scaling::absolute;
    bool operator==(const Shown&) const = default;
  };
  void add_choices();
  void selection_changed();
  void update_choices();
  void ask();
  void ask_for(int row, bool is_a, const StateRef& state, SiteKey site);
  void got(int row, bool is_a, const QString& name, const Result<SiteDetailPtr>& detail);
  void show_values();
  QString facts() const;

  DistributionPlot* plot_;
  ChoiceBar* bar_;
  PlaceBar* place_;
  QComboBox *what_, *curve_, *bins_;
  std::optional<Shown> shown_;
  DistributionData coming_;
  int waiting_ = 0, request_ = 0;
  QString failure_;
};

}  // namespace rolora::widgets
