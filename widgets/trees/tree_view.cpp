// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/trees/tree_view.h"

#include <QEvent>
#include <QHeaderView>
#include <QResizeEvent>
#include <QStyledItemDelegate>
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

class FirstColumn : public QObject {
 public:
  FirstColumn(QTreeView* view, int least) : QObject(view), view_(view), least_(least) {
    view->viewport()->installEventFilter(this);
    view->header()->setSectionResizeMode(0, QHeaderView::Interactive);
    connect(view->header(), &QHeaderView::sectionResized, this, [this](int section) {
      if (section != 0) fill();
    });
    fill();
  }

 protected:
  bool eventFilter(QObject* watched, QEvent* event) override {
    if (event->type() == QEvent::Resize) fill();
    return QObject::eventFilter(watched, event);
  }

 private:
  void fill() {
    const QHeaderView* header = view_->header();
    const int others = header->length() - header->sectionSize(0);
    view_->header()->resizeSection(0, std::max(view_->fontMetrics().averageCharWidth() * least_, view_->viewport()->width() - others));
  }
  QTreeView* view_;
  int least_;
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
};

}  // namespace

void let_first_column_fill(QTreeView* view, int least) { new FirstColumn(view, least); }

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
