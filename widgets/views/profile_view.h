// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QString>
#include <optional>

#include "widgets/data/run_store.h"
#include "widgets/plots/error_plot.h"
#include "widgets/plots/profile_plot.h"
#include "widgets/views/choice_bar.h"
#include "widgets/views/place_bar.h"
#include "widgets/views/view.h"

class QStackedWidget;

namespace rolora::widgets {

/// The layers side by side: the tokens' largest magnitudes and the kurtosis of a site, or what quantization costs in each linear.
class ProfileView : public View {
  Q_OBJECT
 public:
  explicit ProfileView(const Workbench& workbench, QWidget* parent = nullptr);
  QString title() const override { return tr("Layer profile"); }
  FigurePtr figure() const override { return shows_errors() ? errors_->figure() : profile_->figure(); }
  void set_style(const PlotStyle& style) override;
  QWidget* focus_widget() override;
  ProfilePlot* profile() const { return profile_; }
  ErrorPlot* errors() const { return errors_; }
  PlaceBar* place() const { return place_; }
  bool shows_errors() const;
  void show_errors(bool errors);

 private:
  void add_page_choices();
  void add_error_choices();
  void selection_changed();
  void show_profile();
  void runs_changed();
  void show_run_errors();
  void follow_run();
  RunDataPtr run() const;

  ChoiceBar *bar_, *error_bar_;
  PlaceBar* place_;
  QComboBox *page_, *error_page_, *run_, *bits_, *cause_, *measure_;
  QStackedWidget *bars_, *pages_;
  ProfilePlot* profile_;
  ErrorPlot* errors_;
  std::optional<Selection> shown_;
  QString followed_;  // file of statistics whose run's errors are shown
  RunDataPtr errors_of_;
  QString bits_shown_;
};

}  // namespace rolora::widgets
