// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/trees/tree_view.h"

#include <QEvent>
#include <QHash>
#include <QHeaderView>
#include <QHelpEvent>
#include <QResizeEvent>
#include <QStyledItemDelegate>
#include <QTimer>
#include <QToolTip>
#include <algorithm>

namespace rolora::widgets {
namespace {

// Keeps the words in the middle of the viewport and shows them only while there is nothing else.
class EmptyText : public QLabel {
 public:
  EmptyText(QAbstractItemView* view, const QString& text) : QLabel(text, view->viewport()), view_(view) {
    setWordWrap(true);
    setAlignment(Qt::AlignCenter);
    setAttribute(Qt::WA_TransparentForMouseEvents);
    setForegroundRole(QPalette::PlaceholderText);
    view->viewport()->installEventFilter(this);
    const auto update = [this] { look(); };
    const QAbstractItemModel* model = view->model();
    connect(model, &QAbstractItemModel::rowsInserted, this, update);
    connect(model, &QAbstractItemModel::rowsRemoved, this, update);
    connect(model, &QAbstractItemModel::modelReset, this, update);
    connect(model, &QAbstractItemModel::layoutChanged, this, update);
    look();
  }

 protected:
  bool eventFilter(QObject* watched, QEvent* event) override {
    if (event->type() == QEvent::Resize || event->type() == QEvent::Show) look();
    return QLabel::eventFilter(watched, event);
  }

 private:
  void look() {
    const int margin = fontMetrics().averageCharWidth() * 3;
    setGeometry(view_->viewport()->rect().adjusted(margin, 0, -margin, 0));
    setVisible(view_->model()->rowCount() == 0);
  }
  QAbstractItemView* view_;
};

// One column takes what the others leave; where that is too little, others go, the least important first. The most important of them stays
// as long as the filling column has its least width: then names give way, elided in their middle.
class ColumnsGiveWay : public QObject {
 public:
  ColumnsGiveWay(QTreeView* view, int filler, int least, const QVector<int>& first_to_go)
      : QObject(view), view_(view), filler_(filler), least_(least), first_to_go_(first_to_go) {
    soon_.setSingleShot(true);
    soon_.setInterval(0);  // a model that is shown anew changes many rows at once
    connect(&soon_, &QTimer::timeout, this, &ColumnsGiveWay::share);
    view->viewport()->installEventFilter(this);
    connect(view->header(), &QHeaderView::sectionResized, this, [this](int section) {
      if (section != filler_ && !sharing_) soon_.start();
    });
    const auto renew = [this] { soon_.start(); };
    const QAbstractItemModel* model = view->model();
    connect(model, &QAbstractItemModel::rowsInserted, this, renew);
    connect(model, &QAbstractItemModel::rowsRemoved, this, renew);
    connect(model, &QAbstractItemModel::dataChanged, this, renew);
    connect(model, &QAbstractItemModel::modelReset, this, renew);
    connect(view, &QTreeView::expanded, this, renew);
    connect(view, &QTreeView::collapsed, this, renew);
    share();
  }

 protected:
  bool eventFilter(QObject* watched, QEvent* event) override {
    if (event->type() == QEvent::Resize) share();
    return QObject::eventFilter(watched, event);
  }

 private:
  QString head(int column) const { return view_->model()->headerData(column, Qt::Horizontal).toString(); }
  int content_width(int column) const {
    const QAbstractItemView* view = view_;  // the tree hides it
    return std::max(view->sizeHintForColumn(column), cell_width(view_, head(column)));
  }
  int width_of(int column) {
    const QHeaderView* header = view_->header();
    const bool by_content = header->sectionResizeMode(column) == QHeaderView::ResizeToContents;
    const int known = by_content ? std::max(widths_.value(column), content_width(column)) : widths_.value(column);
    // By content it only grows: a column must not come and go because the header asks for a little more than its cells.
    if (!view_->isColumnHidden(column))
      widths_[column] = by_content ? std::max(known, header->sectionSize(column)) : header->sectionSize(column);
    return std::max(by_content ? known : 0, widths_.value(column));
  }
  int characters(int count) const { return view_->fontMetrics().averageCharWidth() * count; }
  // As wide as its own content asks for, so that no name is cut while a lesser column keeps its room.
  int wanted() const {
    const int least = characters(least_);
    if (view_->header()->sectionResizeMode(filler_) == QHeaderView::Stretch) return least;
    const QAbstractItemView* view = view_;
    const int air = characters(2);  // of RoomyCells
    return std::clamp(view->sizeHintForColumn(filler_) - air, least, 2 * least);
  }
  void share() {
    if (sharing_) return;
    sharing_ = true;
    const int whole = view_->viewport()->width();
    int room = whole - wanted(), taken = 0;
    const int columns = view_->header()->count();
    QVector<int> by_importance;
    for (int column = 0; column < columns; ++column) {
      if (column != filler_ && !first_to_go_.contains(column)) by_importance += column;
    }
    const auto always = by_importance.size();
    for (auto column = first_to_go_.crbegin(); column != first_to_go_.crend(); ++column) by_importance += *column;
    for (qsizetype i = 0; i < by_importance.size(); ++i) {
      const int column = by_importance[i], width = width_of(column);
      const bool before_whole_names = i == always && width <= whole - taken - characters(least_);
      const bool fits = i < always || width <= room || before_whole_names;
      if (!fits) room = 0;  // what matters less does not stand where more important figures had no room
      room -= fits ? width : 0;
      taken += fits ? width : 0;
      if (view_->isColumnHidden(column) == fits) view_->setColumnHidden(column, !fits);
    }
    if (view_->header()->sectionResizeMode(filler_) != QHeaderView::Stretch)
      view_->header()->resizeSection(filler_, std::max(characters(least_), whole - taken));
    sharing_ = false;
  }
  QTreeView* view_;
  int filler_, least_;
  QVector<int> first_to_go_;
  QHash<int, int> widths_;
  QTimer soon_;
  bool sharing_ = false;
};

}  // namespace

namespace {

// Cells that are sized by their content keep some air to the next column.
class RoomyCells : public QStyledItemDelegate {
 public:
  using QStyledItemDelegate::QStyledItemDelegate;
  QSize sizeHint(const QStyleOptionViewItem& option, const QModelIndex& index) const override {
    QSize size = QStyledItemDelegate::sizeHint(option, index);
    size.rwidth() += option.fontMetrics.averageCharWidth() * 2;
    return size;
  }
  // The whole of a text that is cut, then what else there is to say of it.
  bool helpEvent(QHelpEvent* event, QAbstractItemView* view, const QStyleOptionViewItem& option, const QModelIndex& index) override {
    const int air = option.fontMetrics.averageCharWidth() * 2;
    const QString text = index.data().toString(), tip = index.data(Qt::ToolTipRole).toString();
    if (event->type() != QEvent::ToolTip || text.isEmpty() || sizeHint(option, index).width() - air <= option.rect.width())
      return QStyledItemDelegate::helpEvent(event, view, option, index);
    QToolTip::showText(event->globalPos(),
                       tip.isEmpty() || tip.contains(text) ? (tip.isEmpty() ? text : tip) : text + QLatin1Char('\n') + tip, view);
    return true;
  }
};

}  // namespace

void let_first_column_fill(QTreeView* view, int least, const QVector<int>& first_to_go) {
  view->setTextElideMode(Qt::ElideMiddle);  // names differ at their ends
  view->header()->setSectionResizeMode(0, QHeaderView::Interactive);
  new ColumnsGiveWay(view, 0, least, first_to_go);
}

void let_columns_go(QTreeView* view, int filler, int least, const QVector<int>& first_to_go) {
  new ColumnsGiveWay(view, filler, least, first_to_go);
}

void prepare_tree(QTreeView* view, const QString& name, const QString& description) {
  view->setItemDelegate(new RoomyCells(view));
  view->setAccessibleName(name);
  view->setAccessibleDescription(description);
  view->setFrameShape(QFrame::NoFrame);
  view->setUniformRowHeights(true);
  view->setAllColumnsShowFocus(true);
  view->setSelectionMode(QAbstractItemView::SingleSelection);
  view->setSelectionBehavior(QAbstractItemView::SelectRows);
  view->setEditTriggers(QAbstractItemView::NoEditTriggers);
  view->setHorizontalScrollMode(QAbstractItemView::ScrollPerPixel);
  view->setVerticalScrollMode(QAbstractItemView::ScrollPerPixel);
  view->setTabKeyNavigation(false);
  view->header()->setHighlightSections(false);
  view->header()->setTextElideMode(Qt::ElideRight);
  view->header()->setStretchLastSection(false);
  view->header()->setMinimumSectionSize(view->fontMetrics().averageCharWidth() * 4);
}

QLabel* add_empty_text(QAbstractItemView* view, const QString& text) { return new EmptyText(view, text); }

int cell_width(const QAbstractItemView* view, const QString& text) {
  return view->fontMetrics().horizontalAdvance(text) + view->fontMetrics().averageCharWidth() * 3;
}

}  // namespace rolora::widgets
