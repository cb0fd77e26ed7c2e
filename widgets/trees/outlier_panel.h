// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QLabel>
#include <QLineEdit>
#include <QTimer>
#include <QToolButton>
#include <QTreeView>
#include <QWidget>
#include <map>

#include "widgets/data/workbench.h"
#include "widgets/trees/outlier_model.h"

namespace rolora::widgets {

/// The largest values of every site of every open state, sortable; a row shows its place in every view.
class OutlierPanel : public QWidget {
  Q_OBJECT
 public:
  explicit OutlierPanel(const Workbench& workbench, QWidget* parent = nullptr);
  QTreeView* view() const { return view_; }
  OutlierModel* model() const { return model_; }
  QLineEdit* filter() const { return filter_; }
  QToolButton* selected_states() const { return selected_states_; }
  QToolButton* one_a_channel() const { return one_a_channel_; }
  QToolButton* drawn_only() const { return drawn_only_; }
  /// Tints the row of the place that a view points at; one with layer −1 tints nothing.
  void point_at(const Selection& place) { model_->set_pointed(place); }

 public slots:
  bool eventFilter(QObject* watched, QEvent* event) override;
  void focus_selection();  ///< goes to the selected place, for the key T
  void copy();

 private:
  QLayout* make_bar();
  void connect_all();
  void ask();
  void gather();
  void follow_selection();
  void tell_count();
  void go_to(const QModelIndex& index);
  Workbench workbench_;
  OutlierModel* model_;
  QTreeView* view_;
  QLineEdit* filter_;
  QToolButton *selected_states_, *one_a_channel_, *drawn_only_;
  QLabel* count_;
  QTimer gather_soon_, filter_soon_;
  std::map<std::pair<StateRef, bool>, OutlierListPtr> known_;  // by state and without first tokens
  std::map<std::pair<StateRef, bool>, bool> asked_;
};

}  // namespace rolora::widgets
