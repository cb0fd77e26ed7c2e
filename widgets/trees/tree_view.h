// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QAbstractItemView>
#include <QLabel>
#include <QString>
#include <QTreeView>
#include <QVector>

namespace rolora::widgets {

/// How every tree of the window looks and behaves: whole rows, one current, sizes from the font, no frame.
void prepare_tree(QTreeView* view, const QString& name, const QString& description);
/// The first column takes what the others leave, and as much as its names need, up to twice `least` characters: before they are cut,
/// columns of `first_to_go` are hidden in that order.
void let_first_column_fill(QTreeView* view, int least, const QVector<int>& first_to_go = {});
/// The same where the column `filler` stretches: it keeps `least` characters.
void let_columns_go(QTreeView* view, int filler, int least, const QVector<int>& first_to_go);
/// Words in the middle of an empty view: what to do to fill it. Shown while the view's model has no rows.
QLabel* add_empty_text(QAbstractItemView* view, const QString& text);
/// Width of `text` in the view's font with the margins of a cell.
int cell_width(const QAbstractItemView* view, const QString& text);

}  // namespace rolora::widgets
