// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QSet>
#include <QString>
#include <QTreeView>
#include <QWidget>

#include "widgets/data/workbench.h"
#include "widgets/trees/runs_items.h"

namespace rolora::widgets {

/// The tree of models, runs and measured states. A click on a state looks at it; on a run, at its before and after.
class RunsPanel : public QWidget {
  Q_OBJECT
 public:
  explicit RunsPanel(const Workbench& workbench, QWidget* parent = nullptr);
  QTreeView* view() const { return view_; }
  KeyedTreeModel* model() const { return model_; }
  QStringList pinned() const { return {pinned_.begin(), pinned_.end()}; }
  void set_pinned(const QStringList& folders);

 public slots:
  void look_at_current();  ///< what the current row stands for
  void make_current_the_baseline();
  void swap_states();
  void pin_current();
  void close_current();

 signals:
  void pinned_changed(const QStringList& folders);
  void station_activated(const QString& folder, const QString& station);  ///< a training, an evaluation: the window shows its page
  void message(const QString& line);                                      ///< why something could not be shown

 private:
  RunsInput input() const;
  void renew();
  void follow_selection();
  void look_at(const QModelIndex& index);
  void menu(const QPoint& at);
  RunsRow row_of(const QModelIndex& index) const;
  Workbench workbench_;
  KeyedTreeModel* model_;
  QTreeView* view_;
  QSet<QString> pinned_, expanded_once_;
};

}  // namespace rolora::widgets
