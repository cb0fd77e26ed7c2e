// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/recipe/recipe_list.h"

#include <QApplication>
#include <QFontMetricsF>
#include <QPainter>
#include <cmath>

#include "widgets/base/format.h"
#include "widgets/base/theme.h"
#include "widgets/recipe/recipe_fields.h"

namespace rolora::widgets {
namespace {

// An estimate has no tenths.
QString rough(double seconds) {
  if (seconds < 1) return RecipeListModel::tr("< 1 s");
  return RecipeListModel::tr("~%1").arg(seconds < 59.5 ? RecipeListModel::tr("%1 s").arg(std::round(seconds)) : duration(seconds));
}

}  // namespace

RecipeListModel::RecipeListModel(RecipeDocument* document, QObject* parent)
    : QAbstractListModel(parent), document_(document), rows_(1 + document->station_count()) {
  connect(document, &RecipeDocument::reset, this, &RecipeListModel::follow);
  connect(document, &RecipeDocument::stations_changed, this, &RecipeListModel::follow);
  connect(document, &RecipeDocument::station_changed, this, [this](int row) { emit dataChanged(index(row + 1), index(row + 1)); });
}

void RecipeListModel::follow() {
  beginResetModel();
  rows_ = 1 + document_->station_count();
  problem_ = {};
  endResetModel();
}

int RecipeListModel::rowCount(const QModelIndex& parent) const { return parent.isValid() ? 0 : rows_; }

void RecipeListModel::set_estimate(const nlohmann::json& estimate) {
  seconds_.clear();
  if (estimate.is_object() && estimate.contains("stations")) {
    for (const auto& station : estimate["stations"])
      seconds_[QString::fromStdString(station.value("id", ""))] = station.value("seconds", 0.0);
  }
  emit dataChanged(index(0), index(rows_ - 1));
}

void RecipeListModel::set_problem(const JobProblem& problem) {
  problem_ = problem;
  emit dataChanged(index(0), index(rows_ - 1));
}

QVariant RecipeListModel::data(const QModelIndex& index, int role) const {
  if (!checkIndex(index, CheckIndexOption::IndexIsValid | CheckIndexOption::ParentIsInvalid)) return {};
  const int row = index.row() - 1;
  const bool wrong = !problem_.line.isEmpty() && problem_.station == row;
  const bool station = row >= 0 && row < document_->station_count();
  const StationKind* kind = station ? find_kind(document_->station_kind(row)) : nullptr;
  const QString name = station ? document_->station_id(row) : tr("Model and texts");
  const QString what = kind != nullptr ? field_text(kind->title) : station ? document_->station_kind(row) : QString();
  const auto seconds = seconds_.find(name);
  const QString cost = station && seconds != seconds_.end() ? rough(seconds->second) : QString();
  switch (role) {
    case Qt::DisplayRole:
      return name;
    case Qt::ToolTipRole:
    case Qt::AccessibleTextRole: {
      QStringList parts = {name};
      for (const QString& part : {what, cost, wrong ? tr("wrong: %1").arg(problem_.line) : QString()}) {
        if (!part.isEmpty()) parts << part;
      }
      return parts.join(QStringLiteral(", "));
    }
    case KindRole:
      return what;
    case CostRole:
      return cost;
    case WrongRole:
      return wrong;
    default:
      return {};
  }
}

QSize RecipeListDelegate::sizeHint(const QStyleOptionViewItem& option, const QModelIndex&) const {
  const QFontMetricsF metrics(option.font);
  return {static_cast<int>(metrics.averageCharWidth() * 30), static_cast<int>(std::ceil(metrics.height() * 1.6))};
}

void RecipeListDelegate::paint(QPainter* painter, const QStyleOptionViewItem& given, const QModelIndex& index) const {
  QStyleOptionViewItem option = given;
  option.index = index;
  const QStyle* style = option.widget != nullptr ? option.widget->style() : QApplication::style();
  style->drawControl(QStyle::CE_ItemViewItem, &option, painter, option.widget);
  const ThemeColours theme = theme_colours(option.palette);
  const bool selected = option.state & QStyle::State_Selected, wrong = index.data(RecipeListModel::WrongRole).toBool();
  const QColor on = option.palette.color(QPalette::HighlightedText);
  const QColor text = selected ? on : wrong ? theme.error : option.palette.color(QPalette::Text), faint = selected ? on : theme.faint_text;
  QFont font = option.font;
  if (index.row() == 0) font.setWeight(QFont::DemiBold);
  const QFontMetricsF metrics(option.font), own(font);
  const double gap = metrics.height() * 0.45;
  QRectF area = QRectF(option.rect).adjusted(gap, 0, -gap, 0);
  painter->save();
  painter->setFont(option.font);
  const QString right = wrong ? tr("wrong") : index.data(RecipeListModel::CostRole).toString();
  painter->setPen(wrong ? text : faint);
  painter->drawText(area, Qt::AlignRight | Qt::AlignVCenter, right);
  area.setRight(area.right() - metrics.horizontalAdvance(right) - gap);
  painter->setFont(font);
  painter->setPen(text);
  const QString name = own.elidedText(index.data(Qt::DisplayRole).toString(), Qt::ElideMiddle, area.width());
  painter->drawText(area, Qt::AlignLeft | Qt::AlignVCenter, name);
  area.setLeft(area.left() + own.horizontalAdvance(name) + gap);
  painter->setFont(option.font);
  painter->setPen(faint);
  if (area.width() > gap) {
    painter->drawText(area, Qt::AlignLeft | Qt::AlignVCenter,
                      metrics.elidedText(index.data(RecipeListModel::KindRole).toString(), Qt::ElideRight, area.width()));
  }
  painter->restore();
}

}  // namespace rolora::widgets
