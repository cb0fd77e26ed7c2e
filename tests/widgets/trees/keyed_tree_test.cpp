// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/trees/keyed_tree.h"

#include <gtest/gtest.h>

#include <QAbstractItemModelTester>
#include <QPersistentModelIndex>
#include <QSignalSpy>
#include <functional>

#include "core/base/random.h"

namespace rolora::widgets {
namespace {

TreeItem item(const QString& key, std::vector<TreeItem> children = {}) {
  TreeItem out;
  out.key = key;
  out.cells = {{key, {}}, {QStringLiteral("of ") + key, {}}};
  out.children = std::move(children);
  return out;
}

QString shape(const QAbstractItemModel& model, const QModelIndex& parent = {}) {
  QString out;
  for (int row = 0; row < model.rowCount(parent); ++row) {
    const QModelIndex index = model.index(row, 0, parent);
    out += index.data().toString();
    const QString below = shape(model, index);
    if (!below.isEmpty()) out += QLatin1Char('(') + below + QLatin1Char(')');
    out += QLatin1Char(' ');
  }
  return out.trimmed();
}

QString shape(const std::vector<TreeItem>& items) {
  QString out;
  for (const TreeItem& one : items) {
    out += one.key;
    if (!one.children.empty()) out += QLatin1Char('(') + shape(one.children) + QLatin1Char(')');
    out += QLatin1Char(' ');
  }
  return out.trimmed();
}

TEST(KeyedTree, TurnsIntoEverySnapshotByWholeRowOperations) {
  KeyedTreeModel model({QStringLiteral("a"), QStringLiteral("b")}, 1);
  QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::Fatal);
  Random random(5, "snapshots");
  for (int round = 0; round < 200; ++round) {
    const std::function<std::vector<TreeItem>(int)> some = [&](int depth) {
      std::vector<TreeItem> out;
      for (const int64_t key : random.permutation(5)) {
        if (random.below(3) == 0) continue;
        out.push_back(item(QString::number(key), depth > 0 ? some(depth - 1) : std::vector<TreeItem>()));
      }
      return out;
    };
    const auto snapshot = some(2);
    model.show(snapshot);
    ASSERT_EQ(shape(model), shape(snapshot));
  }
}

TEST(KeyedTree, NamesBeginAtOnePlaceWithAndWithoutAPicture) {
  KeyedTreeModel model({QStringLiteral("a"), QStringLiteral("b")}, 1);
  TreeItem pictured = item(QStringLiteral("x"));
  pictured.icon = QStringLiteral("model");
  model.show({pictured, item(QStringLiteral("y"), {item(QStringLiteral("y1"))})});
  EXPECT_FALSE(model.index(0, 0).data(Qt::DecorationRole).isNull());
  EXPECT_FALSE(model.index(1, 0).data(Qt::DecorationRole).isNull()) << "an empty one, as wide";
  EXPECT_TRUE(model.index(0, 0, model.index(1, 0)).data(Qt::DecorationRole).isNull()) << "none where nobody has one";
  EXPECT_TRUE(model.index(1, 1).data(Qt::DecorationRole).isNull());
}

TEST(KeyedTree, KeepsPlacesWhereNothingChanged) {
  KeyedTreeModel model({QStringLiteral("a"), QStringLiteral("b")}, 1);
  model.show({item(QStringLiteral("x"), {item(QStringLiteral("x1")), item(QStringLiteral("x2"))}), item(QStringLiteral("y"))});
  const QPersistentModelIndex place = model.find({QStringLiteral("x"), QStringLiteral("x2")});
  ASSERT_TRUE(place.isValid());
  QSignalSpy resets(&model, &QAbstractItemModel::modelReset), changes(&model, &QAbstractItemModel::dataChanged);
  TreeItem other = item(QStringLiteral("x2"));
  other.cells[1].text = QStringLiteral("another");
  model.show({item(QStringLiteral("new")), item(QStringLiteral("x"), {other})});
  EXPECT_EQ(resets.count(), 0);
  EXPECT_EQ(changes.count(), 1);
  ASSERT_TRUE(place.isValid());
  EXPECT_EQ(place.sibling(place.row(), 1).data().toString(), QStringLiteral("another"));
  EXPECT_EQ(place.row(), 0);
  changes.clear();
  model.show({item(QStringLiteral("new")), item(QStringLiteral("x"), {other})});
  EXPECT_EQ(changes.count(), 0) << "the same snapshot changes nothing";
  EXPECT_FALSE(model.find({QStringLiteral("y")}).isValid());
}

}  // namespace
}  // namespace rolora::widgets
