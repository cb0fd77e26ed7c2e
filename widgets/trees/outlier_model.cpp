// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/trees/outlier_model.h"

#include <QGuiApplication>
#include <QPalette>
#include <algorithm>
#include <cmath>
#include <limits>

#include "widgets/base/format.h"
#include "widgets/data/describe.h"

namespace rolora::widgets {

OutlierModel::OutlierModel(QObject* parent)
    : QAbstractTableModel(parent), rows_(std::make_shared<const OutlierRows>()), wanted_rows_(rows_) {}

OutlierModel::~OutlierModel() {
  if (given_up_) *given_up_ = true;
}

void OutlierModel::set_rows(OutlierRowsPtr rows) {
  wanted_rows_ = std::move(rows);
  start();
}

void OutlierModel::set_rows_from(std::function<OutlierRowsPtr()> make) {
  const quint64 number = ++made_;
  thread_.post([this, number, make = std::move(make)] {
    const OutlierRowsPtr rows = make();
    QMetaObject::invokeMethod(
        this,
        [this, number, rows] {
          if (number == made_) set_rows(rows);
        },
        Qt::QueuedConnection);
  });
}

void OutlierModel::set_words(const QString& words) {
  if (words.simplified() == wanted_.words) return;
  wanted_.words = words.simplified();
  start();
}

void OutlierModel::set_only(const std::vector<StateRef>& states) {
  if (states == wanted_.only) return;
  wanted_.only = states;
  start();
}

void OutlierModel::set_one_a_channel(bool on) {
  if (on == wanted_.one_a_channel) return;
  wanted_.one_a_channel = on;
  start();
}

void OutlierModel::set_drawn_only(bool on) {
  if (on == wanted_.drawn_only) return;
  wanted_.drawn_only = on;
  start();
}

void OutlierModel::sort(int column, Qt::SortOrder order) {
  if (column < 0 || column >= kOutlierColumns) return;
  const bool descending = order == Qt::DescendingOrder;
  if (column == wanted_.column && descending == wanted_.descending) return;
  wanted_.column = column;
  wanted_.descending = descending;
  start();
}

void OutlierModel::start() {
  const bool was_busy = busy();
  if (given_up_) *given_up_ = true;
  given_up_ = std::make_shared<std::atomic<bool>>(false);
  timer_.start();
  thread_.post([this, rows = wanted_rows_, order = wanted_, given_up = given_up_] {
    auto found = ordered(*rows, order, *given_up);
    if (!found) return;
    const auto result = std::make_shared<const std::vector<uint32_t>>(std::move(*found));
    QMetaObject::invokeMethod(
        this,
        [this, rows, result, given_up] {
          if (given_up == given_up_) take(rows, *result);  // else something newer is wanted
        },
        Qt::QueuedConnection);
  });
  if (!was_busy) emit busy_changed(true);
}

void OutlierModel::take(const OutlierRowsPtr& rows, const std::vector<uint32_t>& order) {
  given_up_.reset();
  last_ms_ = timer_.elapsed();
  const bool same_rows = rows == rows_ && order.size() == order_.size() && wanted_.words.isEmpty();
  if (!same_rows) {
    beginResetModel();
    rows_ = rows;
    order_ = order;
    endResetModel();
  } else {
    emit layoutAboutToBeChanged({}, QAbstractItemModel::VerticalSortHint);
    const QModelIndexList before = persistentIndexList();
    QModelIndexList after;
    if (!before.isEmpty()) {
      std::vector<uint32_t> place(rows_->rows.size());
      for (size_t i = 0; i < order.size(); ++i) place[order[i]] = static_cast<uint32_t>(i);
      for (const QModelIndex& index : before) {
        after.append(createIndex(static_cast<int>(place[order_[static_cast<size_t>(index.row())]]), index.column()));
      }
    }
    order_ = order;
    changePersistentIndexList(before, after);
    emit layoutChanged({}, QAbstractItemModel::VerticalSortHint);
  }
  emit busy_changed(false);
  emit reordered();
}

const OutlierRow* OutlierModel::row(const QModelIndex& index) const {
  if (!index.isValid() || index.row() >= static_cast<int>(order_.size())) return nullptr;
  return &rows_->rows[order_[static_cast<size_t>(index.row())]];
}

void OutlierModel::set_pointed(const Selection& place) {
  if (place == pointed_) return;
  pointed_ = place;
  if (!order_.empty()) emit dataChanged(index(0, 0), index(rowCount() - 1, kOutlierColumns - 1), {Qt::BackgroundRole});
}

bool OutlierModel::is_pointed(const OutlierRow& row) const {
  if (pointed_.layer < 0 || row.layer != pointed_.layer || row.site != pointed_.site || pointed_.channel != row.channel) return false;
  const StateRef& state = rows_->states[static_cast<size_t>(row.state)];
  return (pointed_.token < 0 || pointed_.token == row.token) && (state == pointed_.a || state == pointed_.b);
}

QModelIndex OutlierModel::find(const StateRef& state, SiteKey site, int channel, int token) const {
  const auto known = std::find(rows_->states.begin(), rows_->states.end(), state);
  if (known == rows_->states.end()) return {};
  const auto place = static_cast<int32_t>(known - rows_->states.begin());
  for (size_t i = 0; i < order_.size(); ++i) {
    const OutlierRow& r = rows_->rows[order_[i]];
    if (r.channel == channel && (token < 0 || r.token == token) && r.layer == site.layer && r.site == site.site && r.state == place) {
      return index(static_cast<int>(i), 0);
    }
  }
  return {};
}

int OutlierModel::rowCount(const QModelIndex& parent) const { return parent.isValid() ? 0 : static_cast<int>(order_.size()); }
int OutlierModel::columnCount(const QModelIndex& parent) const { return parent.isValid() ? 0 : kOutlierColumns; }

QString OutlierModel::shown(const OutlierRow& r, int column) const {
  switch (column) {
    case kOutlierState:
      return rows_->titles[r.state];
    case kOutlierLayer:
      return QString::number(r.layer);
    case kOutlierSite:
      return site_title(r.site);
    case kOutlierChannel:
      return QString::number(r.channel);
    case kOutlierToken:
      return grouped(r.token);
    case kOutlierText:
      return rows_->texts[r.text];
    case kOutlierValue:
      return number(static_cast<double>(r.value), 4);
    case kOutlierRatio:
      return std::isnan(r.ratio) ? QStringLiteral("–") : times(static_cast<double>(r.ratio));
    case kOutlierDrawn:
      return r.drawn ? tr("✓") : QStringLiteral("–");
    default:
      return std::isnan(r.kurtosis) ? QStringLiteral("–") : number(static_cast<double>(r.kurtosis));
  }
}

QVariant OutlierModel::data(const QModelIndex& index, int role) const {
  const OutlierRow* r = row(index);
  if (r == nullptr) return {};
  const bool text = index.column() == kOutlierState || index.column() == kOutlierSite || index.column() == kOutlierText;
  if (role == Qt::DisplayRole) return shown(*r, index.column());
  if (role == Qt::BackgroundRole && is_pointed(*r)) {
    QColor tint = QGuiApplication::palette().color(QPalette::Highlight);
    tint.setAlphaF(0.25F);
    return tint;
  }
  if (role == Qt::TextAlignmentRole) return QVariant((text ? Qt::AlignLeft : Qt::AlignRight) | Qt::AlignVCenter);
  if (role == Qt::ToolTipRole && index.column() == kOutlierDrawn)
    return r->drawn ? tr("Magnitude draws this token")
                    : tr("The file keeps the first tokens only, and not this one: a click leads to the button that measures its window");
  if (role == Qt::AccessibleTextRole && index.column() == kOutlierDrawn) return r->drawn ? tr("drawn") : tr("not drawn");
  if (role == Qt::AccessibleTextRole) {
    return tr("%1: %2").arg(headerData(index.column(), Qt::Horizontal).toString(), shown(*r, index.column()));
  }
  return {};
}

QVariant OutlierModel::headerData(int section, Qt::Orientation orientation, int role) const {
  if (orientation != Qt::Horizontal || section < 0 || section >= kOutlierColumns) return {};
  static const char* const kNames[kOutlierColumns] = {
      QT_TR_NOOP("State"), QT_TR_NOOP("Layer"), QT_TR_NOOP("Site"),     QT_TR_NOOP("Channel"),  QT_TR_NOOP("Token"),
      QT_TR_NOOP("Text"),  QT_TR_NOOP("Value"), QT_TR_NOOP("× median"), QT_TR_NOOP("Kurtosis"), QT_TR_NOOP("Drawn")};
  static const char* const kTips[kOutlierColumns] = {QT_TR_NOOP("Model state that was measured"),
                                                     QT_TR_NOOP("Layer, counted from 0"),
                                                     QT_TR_NOOP("Where in the layer"),
                                                     QT_TR_NOOP("Channel of the site"),
                                                     QT_TR_NOOP("Position of the token in the text"),
                                                     QT_TR_NOOP("The token"),
                                                     QT_TR_NOOP("x, with its sign; sorted by |x|"),
                                                     QT_TR_NOOP("|x| / median over the tokens of max |x| at this site"),
                                                     QT_TR_NOOP("Kurtosis of the whole site: m4 / m2², 3 for a Gaussian"),
                                                     QT_TR_NOOP("Whether the file keeps this token's values, so that Magnitude draws it")};
  if (role == Qt::DisplayRole) return tr(kNames[section]);
  if (role == Qt::ToolTipRole) return tr(kTips[section]);
  if (role == Qt::TextAlignmentRole) {
    const bool text = section == kOutlierState || section == kOutlierSite || section == kOutlierText;
    return QVariant((text ? Qt::AlignLeft : Qt::AlignRight) | Qt::AlignVCenter);
  }
  return {};
}

QString OutlierModel::text_of(const QModelIndexList& list) const {
  QStringList lines, names;
  for (int c = 0; c < kOutlierColumns; ++c) names.append(headerData(c, Qt::Horizontal).toString());
  lines.append(names.join(QLatin1Char('\t')));
  for (const QModelIndex& index : list) {
    const OutlierRow* r = row(index);
    if (r == nullptr) continue;
    lines.append(QStringList{rows_->titles[r->state], QString::number(r->layer), QString::fromStdString(std::string(name_of(r->site))),
                             QString::number(r->channel), QString::number(r->token), rows_->texts[r->text], exact(r->value),
                             exact(r->ratio), exact(r->kurtosis), r->drawn ? tr("yes") : tr("no")}
                     .join(QLatin1Char('\t')));
  }
  return lines.join(QLatin1Char('\n')) + QLatin1Char('\n');
}

}  // namespace rolora::widgets
