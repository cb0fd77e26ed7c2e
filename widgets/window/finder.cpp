// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/window/finder.h"

#include <QAccessible>
#include <QApplication>
#include <QFontMetricsF>
#include <QKeyEvent>
#include <QLabel>
#include <QLineEdit>
#include <QListView>
#include <QPainter>
#include <QStyledItemDelegate>
#include <QVBoxLayout>
#include <algorithm>

#include "widgets/base/icons.h"
#include "widgets/base/style_shapes.h"
#include "widgets/base/theme.h"

namespace rolora::widgets {
namespace {

constexpr int kShownRows = 11;

/// Title with the typed letters in bold, below it the detail, at the right the shortcut.
class EntryDelegate : public QStyledItemDelegate {
 public:
  using QStyledItemDelegate::QStyledItemDelegate;

  QSize sizeHint(const QStyleOptionViewItem&, const QModelIndex&) const override {
    const double unit = style_unit();
    return {qRound(unit * 20), qRound(unit * 1.25 + small_font().pixelSize() * 1.3 + unit * 0.7)};
  }

  void paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const override {
    painter->save();
    const bool selected = option.state & QStyle::State_Selected, enabled = index.flags() & Qt::ItemIsEnabled;
    const double unit = style_unit();
    if (selected) painter->fillRect(option.rect, option.palette.highlight());
    const QPalette::ColorGroup group = enabled ? QPalette::Active : QPalette::Disabled;
    const QColor text = option.palette.color(selected ? QPalette::Active : group, selected ? QPalette::HighlightedText : QPalette::Text);
    const QColor faint = selected ? text : theme_colours(option.palette).faint_text;
    const int icon_size = qRound(unit * 1.1), pad = qRound(unit * 0.6);
    const QRect inner = option.rect.adjusted(pad, qRound(unit * 0.25), -pad, -qRound(unit * 0.25));
    const QIcon icon = index.data(Qt::DecorationRole).value<QIcon>();
    const QRect icon_box(inner.left(), inner.top() + qRound(unit * 0.1), icon_size, icon_size);
    icon.paint(painter, icon_box, Qt::AlignCenter, !enabled ? QIcon::Disabled : selected ? QIcon::Selected : QIcon::Normal);
    QRect line(inner.left() + icon_size + pad, inner.top(), inner.width() - icon_size - pad, qRound(unit * 1.25));
    painter->setFont(option.font);
    painter->setPen(faint);
    const QString shortcut = index.data(FinderModel::kShortcut).toString();
    painter->drawText(line, Qt::AlignRight | Qt::AlignVCenter, shortcut);
    line.setRight(line.right() - option.fontMetrics.horizontalAdvance(shortcut) - pad);
    draw_title(painter, line, option.font, text, index);
    painter->setFont(small_font());
    painter->setPen(faint);
    const QRect below(line.left(), line.bottom(), inner.right() - line.left(), inner.bottom() - line.bottom());
    painter->drawText(below, Qt::AlignLeft | Qt::AlignVCenter,
                      QFontMetrics(small_font()).elidedText(index.data(FinderModel::kDetail).toString(), Qt::ElideRight, below.width()));
    painter->restore();
  }

 private:
  static QFont small_font() {
    QFont font = QApplication::font();
    font.setPixelSize(std::max(1, qRound(QFontInfo(font).pixelSize() * 0.87)));
    return font;
  }

  static void draw_title(QPainter* painter, const QRect& line, const QFont& font, const QColor& colour, const QModelIndex& index) {
    const QString title = index.data(Qt::DisplayRole).toString();
    const auto matched = index.data(FinderModel::kMatched).value<QVector<int>>();
    QFont bold = font;
    bold.setBold(true);
    painter->setPen(colour);
    int x = line.left();
    for (qsizetype from = 0; from < title.size() && x < line.right();) {
      const bool is_bold = matched.contains(static_cast<int>(from));
      qsizetype to = from;
      while (to < title.size() && matched.contains(static_cast<int>(to)) == is_bold) to++;
      const QFont& piece_font = is_bold ? bold : font;
      const QString piece = QFontMetrics(piece_font).elidedText(title.mid(from, to - from), Qt::ElideRight, line.right() - x);
      painter->setFont(piece_font);
      painter->drawText(QRect(x, line.top(), line.right() - x, line.height()), Qt::AlignLeft | Qt::AlignVCenter, piece);
      x += QFontMetrics(piece_font).horizontalAdvance(piece);
      from = to;
    }
  }
};

}  // namespace

void FinderModel::set_entries(std::vector<FinderEntry> entries) {
  beginResetModel();
  entries_ = std::move(entries);
  endResetModel();
}

int FinderModel::rowCount(const QModelIndex& parent) const { return parent.isValid() ? 0 : static_cast<int>(entries_.size()); }

QVariant FinderModel::data(const QModelIndex& index, int role) const {
  if (!checkIndex(index, CheckIndexOption::IndexIsValid | CheckIndexOption::ParentIsInvalid)) return {};
  const FinderEntry& entry = entries_[static_cast<size_t>(index.row())];
  switch (role) {
    case Qt::DisplayRole:
      return entry.title;
    case Qt::DecorationRole:
      return entry.icon;
    case Qt::AccessibleTextRole:
      return QStringList({entry.title, entry.shortcut, entry.detail})
          .filter(QRegularExpression(QStringLiteral(".")))
          .join(QStringLiteral(", "));
    case kDetail:
      return entry.detail;
    case kShortcut:
      return entry.shortcut;
    case kMatched:
      return QVariant::fromValue(entry.matched);
    default:
      return {};
  }
}

Qt::ItemFlags FinderModel::flags(const QModelIndex& index) const {
  if (!index.isValid()) return Qt::NoItemFlags;
  // A disabled entry can still be reached, to read why.
  return entries_[static_cast<size_t>(index.row())].enabled ? Qt::ItemIsSelectable | Qt::ItemIsEnabled | Qt::ItemNeverHasChildren
                                                            : Qt::ItemIsSelectable | Qt::ItemNeverHasChildren;
}

Finder::Finder(QWidget* window)
    : QFrame(window),
      input_(new QLineEdit(this)),
      list_(new QListView(this)),
      nothing_(new QLabel(tr("Nothing found"), this)),
      model_(new FinderModel(this)) {
  setObjectName(QStringLiteral("finder"));
  setFrameShape(QFrame::StyledPanel);
  setAutoFillBackground(true);
  setBackgroundRole(QPalette::Base);
  input_->setClearButtonEnabled(true);
  input_->setAccessibleName(tr("Find"));
  list_->setModel(model_);
  list_->setItemDelegate(new EntryDelegate(list_));
  list_->setFrameShape(QFrame::NoFrame);
  list_->setUniformItemSizes(true);
  list_->setEditTriggers(QAbstractItemView::NoEditTriggers);
  list_->setFocusPolicy(Qt::NoFocus);
  list_->setMouseTracking(true);
  list_->setAccessibleName(tr("Found"));
  nothing_->setAlignment(Qt::AlignCenter);
  nothing_->setForegroundRole(QPalette::PlaceholderText);
  nothing_->hide();
  auto* layout = new QVBoxLayout(this);
  layout->addWidget(input_);
  layout->addWidget(nothing_);
  layout->addWidget(list_);
  input_->installEventFilter(this);
  window->installEventFilter(this);
  connect(input_, &QLineEdit::textChanged, this, &Finder::refill);
  connect(input_, &QLineEdit::returnPressed, this, &Finder::run_current);
  connect(list_, &QListView::clicked, this, [this](const QModelIndex& index) {
    list_->setCurrentIndex(index);
    run_current();
  });
  hide();
}

Finder::~Finder() = default;

void Finder::open(const QString& name, const QString& hint, Provider provider) {
  provider_ = std::move(provider);
  if (!isVisible()) focus_before_ = QApplication::focusWidget();
  setAccessibleName(name);
  input_->setAccessibleName(name);
  input_->setPlaceholderText(hint);
  input_->setToolTip(hint);
  {
    const QSignalBlocker quiet(input_);
    input_->clear();
  }
  refill();
  place();
  show();
  raise();
  input_->setFocus(Qt::ShortcutFocusReason);
}

void Finder::dismiss() {
  if (!isVisible()) return;
  hide();
  if (focus_before_ != nullptr) focus_before_->setFocus(Qt::OtherFocusReason);
}

void Finder::refill() {
  if (!provider_) return;
  model_->set_entries(provider_(input_->text()));
  const bool any = model_->rowCount() > 0;
  list_->setVisible(any);
  nothing_->setVisible(!any);
  if (any) list_->setCurrentIndex(model_->index(0));
  place();
}

void Finder::place() {
  const QWidget* window = parentWidget();
  const double unit = style_unit();
  const int width = qMin(qRound(unit * 40), window->width() - qRound(unit * 2));
  const int row = list_->itemDelegate()->sizeHint({}, {}).height();
  const int rows = std::clamp(model_->rowCount(), 1, kShownRows);
  const int room = std::max(row, window->height() - qRound(unit * 10));
  list_->setFixedHeight(std::min(rows * row, room));
  setGeometry((window->width() - width) / 2, qRound(unit * 4), width, 10);
  layout()->activate();
  resize(width, layout()->sizeHint().height());
}

void Finder::move_current(int by) {
  const int rows = model_->rowCount();
  if (rows == 0) return;
  const int row = std::clamp(list_->currentIndex().row() + by, 0, rows - 1);
  const QModelIndex index = model_->index(row);
  list_->selectionModel()->setCurrentIndex(index, QItemSelectionModel::ClearAndSelect);
  list_->scrollTo(index);
  // The focus stays in the input: what is chosen is spoken as its description.
  input_->setAccessibleDescription(index.data(Qt::AccessibleTextRole).toString());
  QAccessibleEvent event(input_, QAccessible::DescriptionChanged);
  QAccessible::updateAccessibility(&event);
}

void Finder::run_current() {
  const QModelIndex index = list_->currentIndex();
  if (!index.isValid()) return;
  const FinderEntry entry = model_->entry(index.row());
  if (!entry.enabled) return;  // its detail says why
  dismiss();
  if (entry.run) entry.run();
}

bool Finder::eventFilter(QObject* watched, QEvent* event) {
  if (watched == input_ && event->type() == QEvent::KeyPress) {
    switch (static_cast<QKeyEvent*>(event)->key()) {
      case Qt::Key_Up:
        return move_current(-1), true;
      case Qt::Key_Down:
        return move_current(1), true;
      case Qt::Key_PageUp:
        return move_current(-kShownRows + 1), true;
      case Qt::Key_PageDown:
        return move_current(kShownRows - 1), true;
      case Qt::Key_Escape:
        return dismiss(), true;
      default:
        break;
    }
  }
  if (watched == input_ && event->type() == QEvent::FocusOut && isVisible() &&
      static_cast<QFocusEvent*>(event)->reason() != Qt::ActiveWindowFocusReason) {
    hide();
  }
  if (watched == parentWidget() && event->type() == QEvent::Resize && isVisible()) place();
  return QFrame::eventFilter(watched, event);
}

}  // namespace rolora::widgets
