// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QLabel>
#include <QPushButton>
#include <QStackedWidget>
#include <QTabWidget>

#include "widgets/data/statistics_store.h"
#include "widgets/plots/magnitude_plot.h"
#include "widgets/plots/surface_plot.h"
#include "widgets/views/asked_pair.h"
#include "widgets/views/choice_bar.h"
#include "widgets/views/place_bar.h"
#include "widgets/views/view.h"

namespace rolora::widgets {

/// Every value of one site, token × channel: as a heat map and as a surface. Where the file does not hold the values, what to do.
class MagnitudeView : public View {
  Q_OBJECT
 public:
  explicit MagnitudeView(const Workbench& workbench, QWidget* parent = nullptr);
  QString title() const override { return tr("Magnitude"); }
  FigurePtr figure() const override;
  void set_style(const PlotStyle& style) override;
  QWidget* focus_widget() override;
  QVector<ViewPart> parts() const override;
  void show_part(const QString& id) override;
  MagnitudePlot* plot() const { return plot_; }
  SurfacePlot* surface() const { return surface_; }
  QTabWidget* tabs() const { return tabs_; }
  PlaceBar* place() const { return place_; }
  /// The layer that is shown: the selected one, or of those whose values are there the one that reaches farthest.
  int shown_layer() const;

 signals:
  /// The values of this site of these states are wanted and no file has them: of the first window of the text, or of the one that holds
  /// this token.
  void measure_asked(const QVector<rolora::widgets::StateRef>& states, const rolora::widgets::SiteKey& site, int token);

 private:
  void build_missing_page();
  void follow(const Selection& now, const Selection& before);
  void ask();
  void prepare();
  void show_contents(int generation, const MagnitudeData& data, const HeatContents& contents);
  void show_missing();
  bool is_kept(const StateRef& ref, SiteKey site) const;
  MagnitudeData gathered() const;
  QString caption(const MagnitudeData& data) const;
  void link_plots();
  void show_remarks();
  Remark kept_remark() const;
  Remark lacking_remark() const;
  QVector<StateRef> states_without_values() const;
  bool token_is_not_kept() const;
  void ask_for_missing();
  Remark layer_remark() const;
  ChoiceBar* bar_;
  PlaceBar* place_;
  QStackedWidget* pages_;
  QTabWidget* tabs_;
  MagnitudePlot* plot_;
  SurfacePlot* surface_;
  QWidget* missing_;
  QLabel* missing_text_;
  QPushButton* missing_button_;
  QString lacking_;  ///< the state without values of this site, where the other one has them
  AskedPair pair_;
  Selection asked_, shown_;
  int asked_layer_ = 0, shown_layer_ = -1;
  int generation_ = 0;
};

}  // namespace rolora::widgets
