// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/trees/outlier_panel.h"

#include <QAction>
#include <QClipboard>
#include <QGuiApplication>
#include <QHeaderView>
#include <QKeyEvent>
#include <QMenu>
#include <QSet>
#include <QVBoxLayout>
#include <algorithm>

#include "widgets/base/format.h"
#include "widgets/base/icons.h"
#include "widgets/data/describe.h"
#include "widgets/data/statistics_store.h"
#include "widgets/trees/tree_view.h"

namespace rolora::widgets {

OutlierPanel::OutlierPanel(const Workbench& workbench, QWidget* parent)
    : QWidget(parent),
      workbench_(workbench),
      model_(new OutlierModel(this)),
      view_(new QTreeView(this)),
      filter_(new QLineEdit(this)),
      selected_states_(new QToolButton(this)),
      one_a_channel_(new QToolButton(this)),
      drawn_only_(new QToolButton(this)),
      count_(new QLabel(this)) {
  setObjectName(QStringLiteral("outlier_panel"));
  view_->setModel(model_);
  prepare_tree(view_, tr("Outliers"), tr("The 64 largest values of each site; Enter shows a row's place in every view"));
  view_->setRootIsDecorated(false);
  view_->setAlternatingRowColors(true);
  view_->setSelectionMode(QAbstractItemView::ExtendedSelection);
  view_->setSortingEnabled(true);
  view_->header()->setSortIndicator(kOutlierValue, Qt::DescendingOrder);
  // Names as wide as they come, numbers as their heads.
  const QStringList widest = {QStringLiteral("rotated (seed 0)"),
                              {},
                              site_title(SiteKind::gate_up_in),
                              {},
                              QStringLiteral("100 000"),
                              QStringLiteral("␣something"),
                              QStringLiteral("−8 888.8"),
                              {},
                              {},
                              {}};
  for (int c = 0; c < kOutlierColumns; ++c) {
    const int head = cell_width(view_, model_->headerData(c, Qt::Horizontal).toString() + QStringLiteral(" ▾"));
    view_->header()->resizeSection(c, std::max(head, cell_width(view_, widest[c])));
  }
  view_->header()->setStretchLastSection(false);
  view_->header()->setSectionResizeMode(kOutlierText, QHeaderView::Stretch);  // gives way first: every number stays in sight
  let_columns_go(view_, kOutlierText, 9, {kOutlierKurtosis, kOutlierToken, kOutlierRatio, kOutlierState});
  add_empty_text(view_, tr("Open a run or a file of statistics: its largest activations are listed here."));

  auto* layout = new QVBoxLayout(this);
  layout->setContentsMargins(0, 0, 0, 0);
  layout->setSpacing(0);
  layout->addLayout(make_bar());
  layout->addWidget(view_, 1);
  setFocusProxy(view_);
  view_->installEventFilter(this);

  auto* copy_rows = new QAction(icon(QStringLiteral("copy")), tr("Copy Rows"), view_);
  copy_rows->setStatusTip(tr("The chosen rows as text, numbers exact"));
  copy_rows->setShortcut(QKeySequence::Copy);
  copy_rows->setShortcutContext(Qt::WidgetShortcut);
  view_->addAction(copy_rows);
  view_->setContextMenuPolicy(Qt::ActionsContextMenu);
  connect(copy_rows, &QAction::triggered, this, &OutlierPanel::copy);

  connect_all();
  ask();
}

QLayout* OutlierPanel::make_bar() {
  filter_->setPlaceholderText(tr("Filter: l2 down c115"));
  filter_->setClearButtonEnabled(true);
  filter_->addAction(icon(QStringLiteral("search")), QLineEdit::LeadingPosition);
  filter_->setAccessibleName(tr("Filter the outliers"));
  filter_->setToolTip(tr("Words that a row must have: l2 (layer), c115 (channel), t13 (token), a site, a state or a token's text"));
  selected_states_->setText(tr("Only shown states"));
  selected_states_->setCheckable(true);
  selected_states_->setChecked(true);
  selected_states_->setAccessibleName(selected_states_->text());
  selected_states_->setToolTip(tr("Leave out states that are not shown"));
  one_a_channel_->setText(tr("One a channel"));
  one_a_channel_->setCheckable(true);
  one_a_channel_->setChecked(true);
  one_a_channel_->setAccessibleName(one_a_channel_->text());
  one_a_channel_->setToolTip(
      tr("Of each site and channel the largest value only: a channel of outliers is often the same for every token"));
  model_->set_one_a_channel(true);
  drawn_only_->setText(tr("Only drawn"));
  drawn_only_->setCheckable(true);
  drawn_only_->setAccessibleName(drawn_only_->text());
  drawn_only_->setToolTip(tr("Only tokens whose values the file keeps, so that Magnitude draws them"));
  connect(drawn_only_, &QToolButton::toggled, model_, &OutlierModel::set_drawn_only);
  count_->setForegroundRole(QPalette::PlaceholderText);
  auto* bar = new QHBoxLayout;
  const int gap = fontMetrics().averageCharWidth();
  bar->setSpacing(gap);
  bar->setContentsMargins(gap, gap / 2, gap, gap / 2);
  bar->addWidget(filter_, 2);
  bar->addWidget(selected_states_);
  bar->addWidget(one_a_channel_);
  bar->addWidget(drawn_only_);
  bar->addStretch(1);
  bar->addWidget(count_);
  return bar;
}

void OutlierPanel::connect_all() {
  gather_soon_.setSingleShot(true);
  gather_soon_.setInterval(60);  // states arrive one by one
  connect(&gather_soon_, &QTimer::timeout, this, &OutlierPanel::gather);
  filter_soon_.setSingleShot(true);
  filter_soon_.setInterval(120);  // a word is typed letter by letter
  connect(&filter_soon_, &QTimer::timeout, this, [this] { model_->set_words(filter_->text()); });
  connect(filter_, &QLineEdit::textChanged, this, [this] { filter_soon_.start(); });
  connect(filter_, &QLineEdit::returnPressed, this, [this] { view_->setFocus(); });
  connect(one_a_channel_, &QToolButton::toggled, model_, &OutlierModel::set_one_a_channel);
  connect(selected_states_, &QToolButton::toggled, this, [this] { gather_soon_.start(); });
  connect(view_, &QTreeView::clicked, this, &OutlierPanel::go_to);
  connect(view_, &QTreeView::activated, this, &OutlierPanel::go_to);
  connect(model_, &OutlierModel::reordered, this, &OutlierPanel::tell_count);
  connect(model_, &OutlierModel::reordered, this, &OutlierPanel::follow_selection);
  connect(workbench_.statistics, &StatisticsStore::opened, this, [this](const QString& file) {
    std::erase_if(known_, [&](const auto& one) { return one.first.first.file == file; });
    std::erase_if(asked_, [&](const auto& one) { return one.first.first.file == file; });
    ask();
  });
  connect(workbench_.statistics, &StatisticsStore::closed, this, [this](const QString& file) {
    std::erase_if(known_, [&](const auto& one) { return one.first.first.file == file; });
    std::erase_if(asked_, [&](const auto& one) { return one.first.first.file == file; });
    gather_soon_.start();
  });
  connect(workbench_.selection, &SelectionModel::changed, this, [this](const Selection& now, const Selection& before) {
    if (now.without_first != before.without_first) ask();
    if (selected_states_->isChecked() && (!(now.a == before.a) || !(now.b == before.b))) gather_soon_.start();
    follow_selection();
  });
}

void OutlierPanel::ask() {
  const bool without_first = workbench_.selection->current().without_first;
  for (const SummaryPtr& file : workbench_.statistics->open_files()) {
    for (const StateSummary& state : file->states) {
      const StateRef ref{file->file, state.label};
      const auto key = std::pair(ref, without_first);
      if (asked_[key]) continue;
      asked_[key] = true;
      workbench_.statistics->outliers(ref, without_first, this, [this, key](const Result<OutlierListPtr>& result) {
        if (!result.ok() || !asked_[key]) return;  // the state's views tell the error
        known_[key] = result.value;
        gather_soon_.start();
      });
    }
  }
  gather_soon_.start();
}

void OutlierPanel::gather() {
  const Selection& s = workbench_.selection->current();
  model_->set_only(selected_states_->isChecked() ? std::vector<StateRef>{s.a, s.b} : std::vector<StateRef>());
  struct Part {
    StateRef ref;
    QString title;
    SummaryPtr file;
    OutlierListPtr top;
  };
  std::vector<Part> parts;
  const auto files = workbench_.statistics->open_files();
  QSet<QString> sources;  // runs and single files; within one of them a state's name says enough
  for (const SummaryPtr& file : files) sources.insert(source_title(file->file, workbench_));
  for (const SummaryPtr& file : files) {
    for (const StateSummary& state : file->states) {
      const StateRef ref{file->file, state.label};
      const auto found = known_.find({ref, s.without_first});
      if (found == known_.end()) continue;
      const QString title = state_title(state);
      parts.push_back(
          {ref, sources.size() > 1 ? source_title(file->file, workbench_) + QLatin1Char(' ') + title : title, file, found->second});
    }
  }
  model_->set_rows_from([parts, without_first = s.without_first] {
    auto all = std::make_shared<OutlierRows>();
    for (const Part& part : parts) {
      append_outliers(*all, part.ref, part.title, *part.file->find(part.ref.state), without_first, *part.top);
    }
    return OutlierRowsPtr(all);
  });
}

void OutlierPanel::tell_count() {
  const int shown = model_->rowCount();
  const auto all = static_cast<qint64>(model_->rows().rows.size());
  count_->setText(shown == all ? tr("%1 values").arg(grouped(all)) : tr("%1 of %2 values").arg(grouped(shown), grouped(all)));
}

void OutlierPanel::follow_selection() {
  const Selection& s = workbench_.selection->current();
  if (s.layer < 0 || s.channel < 0 || view_->selectionModel()->selectedRows().size() > 1) return;
  const OutlierRow* current = model_->row(view_->currentIndex());
  const bool there = current != nullptr && current->layer == s.layer && current->site == s.site && current->channel == s.channel &&
                     (s.token < 0 || current->token == s.token);
  if (there) return;
  for (const StateRef& state : {s.a, s.b}) {
    const QModelIndex index = model_->find(state, {s.layer, s.site}, s.channel, s.token);  // never the row of another token
    if (!index.isValid()) continue;
    view_->setCurrentIndex(index);
    return;
  }
  view_->selectionModel()->clear();  // the selected place is not among the largest values
}

void OutlierPanel::focus_selection() {
  follow_selection();
  if (!view_->currentIndex().isValid() && model_->rowCount() > 0) view_->setCurrentIndex(model_->index(0, 0));
  view_->setFocus(Qt::ShortcutFocusReason);
}

/// Letters typed in the table go into its filter.
bool OutlierPanel::eventFilter(QObject* watched, QEvent* event) {
  if (watched == view_ && event->type() == QEvent::KeyPress) {
    const auto* key = static_cast<QKeyEvent*>(event);
    const bool letter = !key->text().isEmpty() && key->text()[0].isLetterOrNumber();
    if (letter && !(key->modifiers() & ~(Qt::ShiftModifier | Qt::KeypadModifier))) {
      filter_->setFocus(Qt::ShortcutFocusReason);
      filter_->insert(key->text());
      return true;
    }
  }
  return QWidget::eventFilter(watched, event);
}

void OutlierPanel::copy() { QGuiApplication::clipboard()->setText(model_->text_of(view_->selectionModel()->selectedRows())); }

void OutlierPanel::go_to(const QModelIndex& index) {
  const OutlierRow* row = model_->row(index);
  if (row == nullptr || view_->selectionModel()->selectedRows().size() > 1) return;
  Selection s = workbench_.selection->current();
  const StateRef& state = model_->rows().states[static_cast<size_t>(row->state)];
  if (!(state == s.a) && !(state == s.b)) (s.a.valid() ? s.b : s.a) = state;
  s.layer = row->layer;
  s.site = row->site;
  s.channel = row->channel;
  s.token = static_cast<int>(row->token);
  workbench_.selection->propose(s);
}

}  // namespace rolora::widgets
