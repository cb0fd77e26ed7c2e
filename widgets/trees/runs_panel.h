// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QSet>
#include <QString>
#include <QTreeView>
#include <QWidget>

#include "widgets/data/workbench.h"
#include "widgets/trees/runs_items.h"

class QMenu;

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
  /// What could be opened, and where the open runs' models lie.
  void set_known(const std::vector<KnownPlace>& places, const QHash<QString, QString>& models);

 public slots:
  void look_at_current();  ///< what the current row stands for
  void make_current_the_baseline();
  void swap_states();
  void pin_current();
  void close_current();

 signals:
  void pinned_changed(const QStringList& folders);
  void station_activated(const QString& folder, const QString& station);  ///< a training, an evaluation: the window shows its page
  void place_activated(const QString& path);                              ///< a run, a model or a file that is not open
  void place_forgotten(const QString& path);                              ///< it is not to be among the recent ones any more
  void message(const QString& line);                                      ///< why something could not be shown

 private:
  RunsInput input() const;
  void renew();
  void follow_selection();
  void look_at(const QModelIndex& index);
  void menu(const QPoint& at);
  void add_place_actions(QMenu* menu, const RunsRow& row);
  RunsRow row_of(const QModelIndex& index) const;
  Workbench workbench_;
  KeyedTreeModel* model_;
  QTreeView* view_;
  QSet<QString> pinned_, expanded_once_;
  std::vector<KnownPlace> known_;
  QHash<QString, QString> models_;
};

}  // namespace rolora::widgets
