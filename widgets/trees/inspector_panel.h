// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QLabel>
#include <QSet>
#include <QTimer>
#include <QTreeView>
#include <QWidget>

#include "widgets/data/workbench.h"
#include "widgets/trees/keyed_tree.h"

class QGridLayout;

namespace rolora::widgets {

class SelectionSentence;

/// Every number of what is selected, with its definition and where it comes from.
class InspectorPanel : public QWidget {
  Q_OBJECT
 public:
  explicit InspectorPanel(const Workbench& workbench, QWidget* parent = nullptr);
  QTreeView* view() const { return view_; }
  KeyedTreeModel* model() const { return model_; }
  QLabel* sentence() const { return sentence_; }
  QLabel* definition() const { return definition_; }

 public slots:
  void copy();  ///< all rows as text, numbers exact

 protected:
  void resizeEvent(QResizeEvent* event) override;

 private:
  void stand(bool beside);
  void renew();
  void explain(const QModelIndex& index);
  Workbench workbench_;
  SelectionSentence* words_;
  KeyedTreeModel* model_;
  QLabel *sentence_, *definition_;
  QTreeView* view_;
  QGridLayout* layout_;
  bool beside_ = false;
  QTimer renew_soon_;
  QSet<QString> expanded_once_;
};

}  // namespace rolora::widgets
