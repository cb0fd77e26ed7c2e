// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/trees/map_panel.h"

#include <QHeaderView>
#include <QKeyEvent>
#include <QLabel>
#include <QVBoxLayout>
#include <algorithm>

#include "widgets/base/icons.h"
#include "widgets/data/describe.h"
#include "widgets/trees/tree_view.h"

namespace rolora::widgets {

WordsFilter::WordsFilter(QObject* parent) : QSortFilterProxyModel(parent) {
  setRecursiveFilteringEnabled(true);
  setAutoAcceptChildRows(true);
}

void WordsFilter::set_words(const QString& text) {
  const QStringList words = text.toLower().split(QLatin1Char(' '), Qt::SkipEmptyParts);
  if (words == words_) return;
  words_ = words;
  invalidateFilter();
}

bool WordsFilter::filterAcceptsRow(int row, const QModelIndex& parent) const {
  const QString all = sourceModel()->index(row, 0, parent).data(kSearchRole).toString().toLower();
  const QStringList there = all.split(QLatin1Char(' '), Qt::SkipEmptyParts);
  return std::all_of(words_.begin(), words_.end(), [&](const QString& word) {
    // "l1" is layer 1 and not layer 12
    const bool numbered = word.back().isDigit() && !word.front().isDigit();
    return numbered ? there.contains(word) : all.contains(word);
  });
}

ModelMapPanel::ModelMapPanel(const Workbench& workbench, QWidget* parent)
    : QWidget(parent),
      workbench_(workbench),
      model_(new KeyedTreeModel({tr("Layer, module, site"), {}}, 2, this)),
      filter_(new WordsFilter(this)),
      search_(new QLineEdit(this)),
      measure_(new QComboBox(this)),
      view_(new QTreeView(this)),
      bars_(new BarDelegate(this)) {
  setObjectName(QStringLiteral("model_map_panel"));
  filter_->setSourceModel(model_);
  view_->setModel(filter_);
  prepare_tree(view_, tr("Model map"), tr("Layers, modules and sites with their outliers; Enter shows the row in every view"));
  view_->setItemDelegateForColumn(kMapBar, bars_);
  view_->header()->setSectionResizeMode(kMapName, QHeaderView::Interactive);
  view_->header()->setSectionResizeMode(kMapBar, QHeaderView::Stretch);
  view_->header()->setTextElideMode(Qt::ElideMiddle);
  add_empty_text(view_, tr("Open a run or a file of statistics to see its layers."));

  search_->setPlaceholderText(tr("Search: l2 down"));
  search_->setClearButtonEnabled(true);
  search_->addAction(icon(QStringLiteral("search")), QLineEdit::LeadingPosition);
  search_->setAccessibleName(tr("Search the model map"));
  search_->setToolTip(tr("Words of a layer, module or site: “l2 down”, “weight”, “attention”"));
  for (const MapMeasure m : {MapMeasure::absmax, MapMeasure::token_ratio, MapMeasure::kurtosis}) {
    measure_->addItem(measure_title(m), static_cast<int>(m));
    measure_->setItemData(measure_->count() - 1, measure_tip(m), Qt::ToolTipRole);
  }
  measure_->setAccessibleName(tr("What the bars show"));
  measure_->setToolTip(tr("What the bars show: A above, B below, on one linear scale for the whole model"));

  measure_->view()->setAccessibleName(measure_->accessibleName());
  bar_ = new QBoxLayout(QBoxLayout::LeftToRight);
  auto* bar = bar_;
  bar->addWidget(search_, 1);
  bar->addWidget(measure_);
  const int gap = fontMetrics().averageCharWidth();
  bar->setSpacing(gap);
  bar->setContentsMargins(gap, gap / 2, gap, gap / 2);
  auto* layout = new QVBoxLayout(this);
  layout->setContentsMargins(0, 0, 0, 0);
  layout->setSpacing(0);
  layout->addLayout(bar);
  layout->addWidget(view_, 1);
  setFocusProxy(view_);

  connect(search_, &QLineEdit::textChanged, this, &ModelMapPanel::search_for);
  connect(search_, &QLineEdit::returnPressed, this, [this] {
    view_->setFocus();
    go_to(view_->currentIndex());
  });
  connect(measure_, &QComboBox::currentIndexChanged, this, &ModelMapPanel::renew);
  connect(view_, &QTreeView::clicked, this, &ModelMapPanel::go_to);
  connect(view_, &QTreeView::activated, this, &ModelMapPanel::go_to);
  connect(workbench.statistics, &StatisticsStore::opened, this, &ModelMapPanel::renew);
  connect(workbench.statistics, &StatisticsStore::closed, this, &ModelMapPanel::renew);
  connect(workbench.selection, &SelectionModel::changed, this, [this](const Selection& now, const Selection& before) {
    if (!(now.a == before.a) || !(now.b == before.b) || now.without_first != before.without_first) renew();
    if (now.layer != before.layer || now.site != before.site) follow_selection();
  });
  renew();
}

void ModelMapPanel::resizeEvent(QResizeEvent* event) {
  QWidget::resizeEvent(event);
  share_room();
}

void ModelMapPanel::changeEvent(QEvent* event) {
  QWidget::changeEvent(event);
  if (event->type() == QEvent::FontChange && bar_ != nullptr) share_room();
}

/// Names as wide as they come, but never so wide that the bars are gone; the two fields below each other before one of them is cut.
void ModelMapPanel::share_room() {
  const int characters = fontMetrics().averageCharWidth(), room = view_->viewport()->width();
  const int names = cell_width(view_, site_title(SiteKind::gate_up_in)) + 3 * view_->indentation();
  view_->header()->resizeSection(kMapName, std::clamp(names, 0, std::max(characters * 12, room - characters * 24)));
  const int beside = measure_->sizeHint().width() + fontMetrics().horizontalAdvance(search_->placeholderText()) + characters * 14;
  bar_->setDirection(width() < beside ? QBoxLayout::TopToBottom : QBoxLayout::LeftToRight);
}

void ModelMapPanel::renew() {
  const Selection& s = workbench_.selection->current();
  const SummaryPtr a = s.a.valid() ? workbench_.statistics->summary(s.a.file) : nullptr;
  const SummaryPtr b = s.b.valid() ? workbench_.statistics->summary(s.b.file) : nullptr;
  const auto measure = static_cast<MapMeasure>(measure_->currentData().toInt());
  const auto items = map_items(a ? a->find(s.a.state) : nullptr, b ? b->find(s.b.state) : nullptr, measure, s.without_first);
  const double most = map_most(items);
  bars_->set_most(most);
  QString of = a ? state_title(s.a, *workbench_.statistics) : QString();
  if (b) of = tr("%1 | %2").arg(of, state_title(s.b, *workbench_.statistics));
  const QString scale = map_scale(most, measure);
  if (!scale.isEmpty()) of = tr("%1: %2").arg(scale, of);
  model_->set_columns({tr("Layer, module, site"), of});
  view_->header()->setToolTip(of);  // in a narrow panel it is shortened
  model_->show(items);
  view_->viewport()->update();
}

void ModelMapPanel::follow_selection() {
  const Selection& s = workbench_.selection->current();
  if (s.layer < 0) return;
  const QModelIndex current = filter_->mapToSource(view_->currentIndex());
  if (current.isValid() && current.data(kPayloadRole).value<MapRow>() == MapRow{s.layer, true, s.site})
    return;  // also a weight of the site
  const QModelIndex index = filter_->mapFromSource(model_->find(keys_of_site(s.layer, s.site)));
  if (index.isValid()) view_->setCurrentIndex(index);
}

void ModelMapPanel::go_to(const QModelIndex& index) {
  if (!index.isValid()) return;
  const MapRow row = index.data(kPayloadRole).value<MapRow>();
  Selection s = workbench_.selection->current();
  const bool moved = s.layer != row.layer || (row.has_site && s.site != row.site);
  if (!moved) return;
  const bool other_site = row.has_site && s.site != row.site;
  s.layer = row.layer;
  if (other_site) s.site = row.site;
  if (other_site) s.channel = -1;  // the channels of another site are others
  workbench_.selection->propose(s);
}

void ModelMapPanel::search_for(const QString& text) {
  filter_->set_words(text);
  if (!filter_->filtering()) return follow_selection();
  view_->expandAll();
  for (QModelIndex at = filter_->index(0, 0); at.isValid(); at = view_->indexBelow(at)) {
    if (!at.data(kPayloadRole).value<MapRow>().has_site) continue;
    view_->setCurrentIndex(at);
    return;
  }
}

}  // namespace rolora::widgets
