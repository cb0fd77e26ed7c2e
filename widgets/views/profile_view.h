// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QString>
#include <array>
#include <optional>

#include "widgets/data/run_store.h"
#include "widgets/plots/error_plot.h"
#include "widgets/plots/perplexity_plot.h"
#include "widgets/plots/profile_plot.h"
#include "widgets/views/choice_bar.h"
#include "widgets/views/place_bar.h"
#include "widgets/views/view.h"

class QStackedWidget;

namespace rolora::widgets {

/// The layers side by side: the tokens' largest magnitudes and the kurtosis of a site, or what quantization costs in each linear; and what
/// all of it comes to, the perplexities of a run.
class ProfileView : public View {
  Q_OBJECT
 public:
  explicit ProfileView(const Workbench& workbench, QWidget* parent = nullptr);
  QString title() const override { return tr("Layer profile"); }
  QString shown_title() const override;
  FigurePtr figure() const override { return shown_plot()->figure(); }
  void set_style(const PlotStyle& style) override;
  QWidget* focus_widget() override;
  ProfilePlot* profile() const { return profile_; }
  ErrorPlot* errors() const { return errors_; }
  PerplexityPlot* perplexity() const { return perplexity_; }
  PlaceBar* place() const { return place_; }
  enum class Page { layers, errors, perplexity };
  Page page() const;
  void show_page(Page page);
  QVector<ViewPart> parts() const override;
  void show_part(const QString& id) override;

 private:
  void add_page_choices();
  void add_run_choices();
  void connect_stores();
  std::array<Plot*, 3> plots() const;
  Plot* shown_plot() const;
  QWidget* scrolled_perplexity();
  void selection_changed();
  void show_profile();
  void runs_changed();
  void show_run();
  void follow_run();
  RunDataPtr run() const;

  ChoiceBar *bar_, *run_bar_;
  PlaceBar* place_;
  QComboBox *page_, *run_page_, *run_, *bits_, *cause_, *measure_;
  QStackedWidget *bars_, *pages_;
  ProfilePlot* profile_;
  ErrorPlot* errors_;
  PerplexityPlot* perplexity_;
  std::optional<Selection> shown_;
  QString followed_;  // file of statistics whose run is shown
  RunDataPtr shown_run_;
  QString bits_shown_;
};

}  // namespace rolora::widgets
