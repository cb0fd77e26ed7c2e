// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/trees/keyed_tree.h"

#include <QFont>
#include <QIcon>
#include <QPixmap>
#include <algorithm>
#include <cmath>
#include <set>

#include "widgets/base/icons.h"

namespace rolora::widgets {
namespace {

/// As wide as any other: names of a group begin at one place, whether or not all of them have a picture.
QIcon blank_icon() {
  QPixmap nothing(16, 16);
  nothing.fill(Qt::transparent);
  return QIcon(nothing);
}

bool same_number(double a, double b) { return a == b || (std::isnan(a) && std::isnan(b)); }

}  // namespace

bool TreeBar::operator==(const TreeBar& other) const { return same_number(value, other.value) && same_number(tick, other.tick); }

struct KeyedTreeModel::Node {
  TreeItem item;  // its children are the nodes below
  Node* parent = nullptr;
  std::vector<std::unique_ptr<Node>> children;
  bool shows_icons() const {
    return std::any_of(children.begin(), children.end(), [](const auto& child) { return !child->item.icon.isEmpty(); });
  }
  int row() const {
    const auto& rows = parent->children;
    const auto found = std::find_if(rows.begin(), rows.end(), [this](const auto& one) { return one.get() == this; });
    return static_cast<int>(found - rows.begin());
  }
};

KeyedTreeModel::KeyedTreeModel(const QStringList& columns, int first_number, QObject* parent)
    : QAbstractItemModel(parent), columns_(columns), first_number_(first_number), root_(std::make_unique<Node>()) {}
KeyedTreeModel::~KeyedTreeModel() = default;

std::unique_ptr<KeyedTreeModel::Node> KeyedTreeModel::make(const TreeItem& item, Node* parent) {
  auto node = std::make_unique<Node>();
  node->item = item;
  node->item.children.clear();
  node->parent = parent;
  for (const TreeItem& child : item.children) node->children.push_back(make(child, node.get()));
  return node;
}

KeyedTreeModel::Node* KeyedTreeModel::node_of(const QModelIndex& index) const {
  return index.isValid() ? static_cast<Node*>(index.internalPointer()) : root_.get();
}

QModelIndex KeyedTreeModel::index_of(Node* node) const { return node == root_.get() ? QModelIndex() : createIndex(node->row(), 0, node); }

void KeyedTreeModel::show(const std::vector<TreeItem>& items) { turn_into(root_.get(), items); }

void KeyedTreeModel::turn_values(Node* node, const TreeItem& item) {
  TreeItem& old = node->item;
  const bool same = old.cells == item.cells && old.icon == item.icon && old.payload == item.payload && old.search == item.search &&
                    old.bar == item.bar && old.strong == item.strong && old.faint == item.faint;
  if (same) return;
  old = item;
  old.children.clear();
  const QModelIndex first = index_of(node);
  emit dataChanged(first, first.siblingAtColumn(columnCount() - 1));
}

void KeyedTreeModel::turn_into(Node* node, const std::vector<TreeItem>& items) {
  auto& rows = node->children;
  std::set<QString> wanted;
  for (const TreeItem& item : items) wanted.insert(item.key);
  for (int row = static_cast<int>(rows.size()) - 1; row >= 0; --row) {
    if (wanted.contains(rows[static_cast<size_t>(row)]->item.key)) continue;
    beginRemoveRows(index_of(node), row, row);
    rows.erase(rows.begin() + row);
    endRemoveRows();
  }
  for (size_t i = 0; i < items.size(); ++i) {
    const auto at = rows.begin() + static_cast<std::ptrdiff_t>(i);
    const auto found = std::find_if(at, rows.end(), [&](const auto& one) { return one->item.key == items[i].key; });
    if (found == rows.end()) {
      beginInsertRows(index_of(node), static_cast<int>(i), static_cast<int>(i));
      rows.insert(at, make(items[i], node));
      endInsertRows();
      continue;
    }
    if (found != at) {
      const int from = static_cast<int>(found - rows.begin());
      beginMoveRows(index_of(node), from, from, index_of(node), static_cast<int>(i));
      std::rotate(at, found, found + 1);
      endMoveRows();
    }
    turn_values(rows[i].get(), items[i]);
    turn_into(rows[i].get(), items[i].children);
  }
}

void KeyedTreeModel::set_columns(const QStringList& columns) {
  if (columns == columns_) return;
  columns_ = columns;
  emit headerDataChanged(Qt::Horizontal, 0, static_cast<int>(columns_.size()) - 1);
}

QModelIndex KeyedTreeModel::find(const QStringList& keys) const {
  Node* node = root_.get();
  for (const QString& key : keys) {
    const auto found = std::find_if(node->children.begin(), node->children.end(), [&](const auto& one) { return one->item.key == key; });
    if (found == node->children.end()) return {};
    node = found->get();
  }
  return index_of(node);
}

QModelIndex KeyedTreeModel::index(int row, int column, const QModelIndex& parent) const {
  if (!hasIndex(row, column, parent)) return {};
  return createIndex(row, column, node_of(parent)->children[static_cast<size_t>(row)].get());
}

QModelIndex KeyedTreeModel::parent(const QModelIndex& child) const {
  if (!child.isValid()) return {};
  return index_of(node_of(child)->parent);
}

int KeyedTreeModel::rowCount(const QModelIndex& parent) const {
  return parent.column() > 0 ? 0 : static_cast<int>(node_of(parent)->children.size());
}

int KeyedTreeModel::columnCount(const QModelIndex&) const { return static_cast<int>(columns_.size()); }

QVariant KeyedTreeModel::data(const QModelIndex& index, int role) const {
  if (!index.isValid()) return {};
  const TreeItem& item = node_of(index)->item;
  const auto column = static_cast<size_t>(index.column());
  const TreeCell cell = column < item.cells.size() ? item.cells[column] : TreeCell();
  switch (role) {
    case Qt::DisplayRole:
      return cell.text;
    case Qt::ToolTipRole:  // a cell may be cut
      if (cell.tip.isEmpty() && column > 0 && !cell.text.isEmpty()) return cell.text;
      [[fallthrough]];
    case Qt::AccessibleDescriptionRole:
      return cell.tip.isEmpty() ? QVariant() : QVariant(cell.tip);
    case Qt::DecorationRole:
      if (column > 0) return {};
      if (!item.icon.isEmpty()) return icon(item.icon);
      return node_of(index)->parent->shows_icons() ? QVariant(blank_icon()) : QVariant();
    case Qt::TextAlignmentRole:
      return QVariant((index.column() >= first_number_ ? Qt::AlignRight : Qt::AlignLeft) | Qt::AlignVCenter);
    case Qt::FontRole: {
      if (!item.strong || column > 0) return {};
      QFont font;
      font.setWeight(QFont::DemiBold);
      return font;
    }
    case kKeyRole:
      return item.key;
    case kPayloadRole:
      return item.payload;
    case kBarRole:
      return item.bar.value;
    case kTickRole:
      return item.bar.tick;
    case kSearchRole:
      return QString(item.cells.empty() ? QString() : item.cells[0].text) + QLatin1Char(' ') + item.search;
    case kFaintRole:
      return item.faint;
    default:
      return {};
  }
}

QVariant KeyedTreeModel::headerData(int section, Qt::Orientation orientation, int role) const {
  if (orientation != Qt::Horizontal || section < 0 || section >= columns_.size()) return {};
  if (role == Qt::DisplayRole || role == Qt::ToolTipRole) return columns_[section];
  if (role == Qt::TextAlignmentRole) return QVariant((section >= first_number_ ? Qt::AlignRight : Qt::AlignLeft) | Qt::AlignVCenter);
  return {};
}

Qt::ItemFlags KeyedTreeModel::flags(const QModelIndex& index) const {
  return index.isValid() ? Qt::ItemIsEnabled | Qt::ItemIsSelectable : Qt::NoItemFlags;
}

}  // namespace rolora::widgets
