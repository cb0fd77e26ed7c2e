// SPDX-License-Identifier: GPL-3.0-or-later
// The job as a list: its inputs first, then its stations in order, each with what it will take.
#pragma once

#include <QAbstractListModel>
#include <QStyledItemDelegate>
#include <map>

#include "widgets/recipe/recipe_document.h"

namespace rolora::widgets {

class RecipeListModel : public QAbstractListModel {
  Q_OBJECT
 public:
  enum Role { KindRole = Qt::UserRole, CostRole, WrongRole };
  explicit RecipeListModel(RecipeDocument* document, QObject* parent = nullptr);
  int rowCount(const QModelIndex& parent = {}) const override;
  QVariant data(const QModelIndex& index, int role) const override;
  /// What the worker forecast, or null for "not known".
  void set_estimate(const nlohmann::json& estimate);
  void set_problem(const JobProblem& problem);

 private:
  void follow();
  RecipeDocument* document_;
  int rows_ = 1;
  std::map<QString, double> seconds_;
  JobProblem problem_;
};

class RecipeListDelegate : public QStyledItemDelegate {
  Q_OBJECT
 public:
  using QStyledItemDelegate::QStyledItemDelegate;
  void paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const override;
  QSize sizeHint(const QStyleOptionViewItem& option, const QModelIndex& index) const override;
};

}  // namespace rolora::widgets
