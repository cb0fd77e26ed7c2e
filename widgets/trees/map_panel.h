// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QComboBox>
#include <QLineEdit>
#include <QSortFilterProxyModel>
#include <QTreeView>
#include <QWidget>

#include "widgets/data/workbench.h"
#include "widgets/trees/bar_delegate.h"
#include "widgets/trees/map_items.h"

class QBoxLayout;

namespace rolora::widgets {

/// Keeps rows that have all words of the search in their own words, with what stands above and below them.
class WordsFilter : public QSortFilterProxyModel {
  Q_OBJECT
 public:
  explicit WordsFilter(QObject* parent = nullptr);
  void set_words(const QString& text);
  bool filtering() const { return !words_.isEmpty(); }

 protected:
  bool filterAcceptsRow(int row, const QModelIndex& parent) const override;

 private:
  QStringList words_;
};

/// The model that is looked at, as a tree with an outlier bar in each row.
class ModelMapPanel : public QWidget {
  Q_OBJECT
 public:
  explicit ModelMapPanel(const Workbench& workbench, QWidget* parent = nullptr);
  QTreeView* view() const { return view_; }
  QLineEdit* search() const { return search_; }
  QComboBox* measure() const { return measure_; }
  KeyedTreeModel* model() const { return model_; }
  WordsFilter* filter() const { return filter_; }

 protected:
  void resizeEvent(QResizeEvent* event) override;
  void changeEvent(QEvent* event) override;

 private:
  void share_room();
  void renew();
  void follow_selection();
  void go_to(const QModelIndex& index);
  void search_for(const QString& text);
  Workbench workbench_;
  KeyedTreeModel* model_;
  WordsFilter* filter_;
  QLineEdit* search_;
  QComboBox* measure_;
  QTreeView* view_;
  BarDelegate* bars_;
  QBoxLayout* bar_ = nullptr;
};

}  // namespace rolora::widgets
