// SPDX-License-Identifier: GPL-3.0-or-later
// An item model that shows a snapshot: whoever knows the data makes a tree of plain values, and the model turns what it shows into it by
// the fewest row operations, so that expanded rows, the current row and the place in the view stay when a run grows.
#pragma once

#include <QAbstractItemModel>
#include <QIcon>
#include <QString>
#include <QStringList>
#include <QVariant>
#include <limits>
#include <memory>
#include <vector>

namespace rolora::widgets {

struct TreeCell {
  QString text;
  QString tip;  ///< also what a screen reader says after the text
  bool operator==(const TreeCell&) const = default;
};

/// A bar of a row on a scale that all rows share. NaN: nothing to draw.
struct TreeBar {
  double value = std::numeric_limits<double>::quiet_NaN(), tick = std::numeric_limits<double>::quiet_NaN();
  bool operator==(const TreeBar& other) const;
};

struct TreeItem {
  QString key;  ///< unique among its siblings
  std::vector<TreeCell> cells;
  QString icon;      ///< a name of widgets/base/icons.h, or empty
  QVariant payload;  ///< what a click on the row means
  QString search;    ///< more words that a search finds it by
  TreeBar bar;
  bool strong = false, faint = false;
  std::vector<TreeItem> children;
};

enum TreeRole { kKeyRole = Qt::UserRole, kPayloadRole, kBarRole, kTickRole, kSearchRole, kFaintRole };

class KeyedTreeModel : public QAbstractItemModel {
  Q_OBJECT
 public:
  /// Columns from `first_number` on are aligned right.
  KeyedTreeModel(const QStringList& columns, int first_number, QObject* parent = nullptr);
  ~KeyedTreeModel() override;
  void show(const std::vector<TreeItem>& items);
  void set_columns(const QStringList& columns);  ///< as many as before
  /// The row with these keys from the root on; invalid when there is none.
  QModelIndex find(const QStringList& keys) const;

  QModelIndex index(int row, int column, const QModelIndex& parent = {}) const override;
  QModelIndex parent(const QModelIndex& child) const override;
  int rowCount(const QModelIndex& parent = {}) const override;
  int columnCount(const QModelIndex& parent = {}) const override;
  QVariant data(const QModelIndex& index, int role = Qt::DisplayRole) const override;
  QVariant headerData(int section, Qt::Orientation orientation, int role = Qt::DisplayRole) const override;
  Qt::ItemFlags flags(const QModelIndex& index) const override;

 private:
  struct Node;
  static std::unique_ptr<Node> make(const TreeItem& item, Node* parent);
  Node* node_of(const QModelIndex& index) const;
  QModelIndex index_of(Node* node) const;
  void turn_into(Node* node, const std::vector<TreeItem>& items);
  void turn_values(Node* node, const TreeItem& item);
  QStringList columns_;
  int first_number_;
  std::unique_ptr<Node> root_;
};

}  // namespace rolora::widgets
