// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QAbstractItemView>
#include <QLabel>
#include <QString>
#include <QTreeView>

namespace rolora::widgets {

/// How every tree of the window looks and behaves: whole rows, one current, sizes from the font, no frame.
void prepare_tree(QTreeView* view, const QString& name, const QString& description);
/// The first column takes what the others leave, but never less than `least` characters: then the view scrolls.
void let_first_column_fill(QTreeView* view, int least);
/// Words in the middle of an empty view: what to do to fill it. Shown while the view's model has no rows.
QLabel* add_empty_text(QAbstractItemView* view, const QString& text);
/// Width of `text` in the view's font with the margins of a cell.
int cell_width(const QAbstractItemView* view, const QString& text);

}  // namespace rolora::widgets
