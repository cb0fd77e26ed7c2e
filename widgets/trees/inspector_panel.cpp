// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/trees/inspector_panel.h"

#include <QAction>
#include <QClipboard>
#include <QGridLayout>
#include <QGuiApplication>
#include <QHeaderView>

#include "widgets/base/icons.h"
#include "widgets/data/describe.h"
#include "widgets/data/statistics_store.h"
#include "widgets/trees/inspector_items.h"
#include "widgets/trees/tree_view.h"

namespace rolora::widgets {

InspectorPanel::InspectorPanel(const Workbench& workbench, QWidget* parent)
    : QWidget(parent),
      workbench_(workbench),
      words_(new SelectionSentence(workbench, this)),
      model_(new KeyedTreeModel({tr("Figure"), {}, {}}, kInspectorA, this)),
      sentence_(new QLabel(this)),
      definition_(new QLabel(this)),
      view_(new QTreeView(this)),
      layout_(new QGridLayout(this)) {
  setObjectName(QStringLiteral("inspector_panel"));
  view_->setModel(model_);
  prepare_tree(view_, tr("Inspector"), tr("Numbers of the selection; the current row's definition stands below"));
  view_->header()->setSectionResizeMode(kInspectorName, QHeaderView::ResizeToContents);
  for (const int column : {kInspectorA, kInspectorB}) view_->header()->setSectionResizeMode(column, QHeaderView::Stretch);
  add_empty_text(view_, tr("Select a layer, a channel or a token in any view: its numbers stand here."));
  const int gap = fontMetrics().averageCharWidth();
  for (QLabel* label : {sentence_, definition_}) {
    label->setWordWrap(true);
    label->setTextFormat(Qt::PlainText);
    label->setTextInteractionFlags(Qt::TextSelectableByMouse);
    label->setContentsMargins(gap * 3 / 2, gap, gap * 3 / 2, gap);
  }
  sentence_->setAccessibleName(tr("What is selected"));
  definition_->setAccessibleName(tr("Definition of the current figure"));
  definition_->setForegroundRole(QPalette::PlaceholderText);
  definition_->setMinimumHeight(fontMetrics().lineSpacing() * 3 + 2 * gap);
  definition_->setAlignment(Qt::AlignLeft | Qt::AlignTop);
  layout_->setContentsMargins(0, 0, 0, 0);
  layout_->setSpacing(0);
  stand(false);
  setFocusProxy(view_);

  auto* copy_all = new QAction(icon(QStringLiteral("copy")), tr("Copy All"), view_);
  copy_all->setStatusTip(tr("Every number of the inspector as text, exact"));
  copy_all->setShortcut(QKeySequence::Copy);
  copy_all->setShortcutContext(Qt::WidgetShortcut);
  view_->addAction(copy_all);
  view_->setContextMenuPolicy(Qt::ActionsContextMenu);
  connect(copy_all, &QAction::triggered, this, &InspectorPanel::copy);

  renew_soon_.setSingleShot(true);
  renew_soon_.setInterval(0);  // several things change in one turn of the event loop
  connect(&renew_soon_, &QTimer::timeout, this, &InspectorPanel::renew);
  const auto soon = [this] { renew_soon_.start(); };
  connect(workbench.selection, &SelectionModel::changed, this, soon);
  connect(workbench.statistics, &StatisticsStore::opened, this, soon);
  connect(workbench.statistics, &StatisticsStore::closed, this, soon);
  connect(words_, &SelectionSentence::changed, this, soon);  // a value arrived
  connect(view_->selectionModel(), &QItemSelectionModel::currentChanged, this, &InspectorPanel::explain);
  renew();
}

void InspectorPanel::resizeEvent(QResizeEvent* event) {
  QWidget::resizeEvent(event);
  const bool wide = width() > 2 * height() && width() > fontMetrics().averageCharWidth() * 70;
  if (wide != beside_) stand(wide);
}

/// The words above and below the numbers, or beside them where there is width and no height.
void InspectorPanel::stand(bool beside) {
  beside_ = beside;
  for (QWidget* widget : {static_cast<QWidget*>(sentence_), static_cast<QWidget*>(view_), static_cast<QWidget*>(definition_)})
    layout_->removeWidget(widget);
  layout_->addWidget(view_, beside ? 0 : 1, 0, beside ? 2 : 1, 1);
  layout_->addWidget(sentence_, 0, beside ? 1 : 0);
  layout_->addWidget(definition_, beside ? 1 : 2, beside ? 1 : 0);
  layout_->setRowStretch(1, 1);
  layout_->setColumnStretch(0, 5);
  layout_->setColumnStretch(1, beside ? 3 : 0);
}

void InspectorPanel::renew() {
  const Selection& s = workbench_.selection->current();
  sentence_->setText(words_->current());
  model_->set_columns(inspector_columns(s, workbench_));
  model_->show(inspector_items(s, workbench_));
  for (int row = 0; row < model_->rowCount(); ++row) {
    const QModelIndex index = model_->index(row, 0);
    const QString key = index.data(kKeyRole).toString();
    if (expanded_once_.contains(key)) continue;
    expanded_once_.insert(key);
    view_->expand(index);
  }
  view_->setColumnHidden(kInspectorB, !s.b.valid());
  explain(view_->currentIndex());
}

void InspectorPanel::explain(const QModelIndex& index) {
  const QModelIndex name = index.siblingAtColumn(kInspectorName);
  const QString definition = name.data(Qt::ToolTipRole).toString();
  definition_->setText(definition.isEmpty() ? tr("Choose a row: how its figure is defined stands here.")
                                            : tr("%1: %2").arg(name.data().toString(), definition));
}

void InspectorPanel::copy() {
  const Selection& s = workbench_.selection->current();
  QGuiApplication::clipboard()->setText(inspector_text(inspector_columns(s, workbench_), inspector_items(s, workbench_)));
}

}  // namespace rolora::widgets
